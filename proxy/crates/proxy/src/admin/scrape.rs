//! The page of metrics as its reader wants it: in which format, and compressed or not (RFC 9110 section 12.5).

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use hauberk_metrics::text::Format;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use hyper::{HeaderMap, Response};

/// The page that `render` makes.
pub(super) fn answer(asked: &HeaderMap, render: impl FnOnce(Format) -> String) -> Response<Full<Bytes>> {
    let format =
        if accepts(asked, &ACCEPT, "application/openmetrics-text") { Format::OpenMetrics } else { Format::Plain };
    let page = render(format);
    let compressed = accepts(asked, &ACCEPT_ENCODING, "gzip").then(|| gzip(&page)).and_then(Result::ok);
    let is_compressed = compressed.is_some();
    let mut response = Response::new(Full::new(compressed.map_or_else(|| page.into(), Bytes::from)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if is_compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether a list such as `gzip;q=0.5, br` names `wanted` and does not rule it out by a weight of zero.
fn accepts(headers: &HeaderMap, name: &HeaderName, wanted: &str) -> bool {
    let lists = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts.next().is_some_and(|named| named.eq_ignore_ascii_case(wanted)) && !parts.any(is_zero)
    })
}

fn is_zero(parameter: &str) -> bool {
    let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
    weight.is_some_and(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight == 0.0))
}

fn gzip(page: &str) -> io::Result<Vec<u8>> {
    // Label sets repeat each other: the least effort makes a page small already.
    let mut encoder = GzEncoder::new(Vec::with_capacity(page.len() / 8), Compression::fast());
    encoder.write_all(page.as_bytes())?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_of_zero_rules_it_out() {
        let accepts_gzip = |value: &'static str| {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            accepts(&headers, &ACCEPT_ENCODING, "gzip")
        };
        assert!(accepts_gzip("gzip") && accepts_gzip("deflate, GZIP;q=0.5") && accepts_gzip("gzip ; q=1"));
        assert!(!accepts_gzip("deflate, br") && !accepts_gzip("gzip;q=0") && !accepts_gzip("gzip; q=0.000, br"));
    }
}
