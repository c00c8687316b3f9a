//! The head of a response.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};

use crate::http1::Framing;
use crate::http1::fields;
use crate::http1::refusal::Refusal;

/// Header lines of one head.
const HEADERS_MAX: usize = 256;

/// A whole head.
#[derive(Debug)]
pub struct Head {
    /// Status, version and headers.
    pub response: Response<()>,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the server lets the connection stay (RFC 9112, 9.3).
    pub persistent: bool,
}

impl Head {
    /// Whether another head follows (RFC 9110, 15.2); after 101 another protocol does.
    pub fn is_interim(&self) -> bool {
        let status = self.response.status();
        status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// Takes a head of at most `max` bytes, which answers a request of this method, from the start of `buffer`. `None`: it is
/// not whole yet.
pub fn take(buffer: &mut BytesMut, max: usize, method: &Method) -> Result<Option<Head>, Refusal> {
    let mut headers = [const { MaybeUninit::<httparse::Header<'_>>::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let window = &buffer[..buffer.len().min(max)];
    let length = match config.parse_response_with_uninit_headers(&mut parsed, window, &mut headers) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if buffer.len() < max => return Ok(None),
        Ok(httparse::Status::Partial) => return Err(Refusal::TooLong),
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooMany),
        Err(_) => return Err(Refusal::Response),
    };
    let http10 = match parsed.version {
        Some(1) => false,
        Some(0) => true,
        _ => return Err(Refusal::Response),
    };
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Refusal::Response)?;
    // The names and values are found again in the shared bytes, so that nothing is copied.
    let places: Vec<(Place, Place)> =
        parsed.headers.iter().map(|h| (Place::of(window, h.name.as_bytes()), Place::of(window, h.value))).collect();
    let head = if length == buffer.len() { std::mem::take(buffer) } else { buffer.split_to(length) }.freeze();
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.version_mut() = if http10 { Version::HTTP_10 } else { Version::HTTP_11 };
    let headers = response.headers_mut();
    headers.reserve(places.len());
    for (name, value) in places {
        fields::append(headers, &head, name.within(&head), fields::trim(value.within(&head)))?;
    }
    let length = settle_length(headers)?;
    let framing = framing(status, http10, length, headers, method)?;
    let persistent = framing != Framing::UntilClose && is_persistent(http10, headers);
    Ok(Some(Head { response, framing, persistent }))
}

/// A part of some bytes.
struct Place(usize, usize);

impl Place {
    fn of(all: &[u8], part: &[u8]) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(all.as_ptr() as usize);
        if part.is_empty() { Place(0, 0) } else { Place(start, start + part.len()) }
    }

    fn within<'a>(&self, all: &'a Bytes) -> &'a [u8] {
        all.get(self.0..self.1).unwrap_or_default()
    }
}

/// RFC 9112, 6.3. What could be read in two ways is refused.
fn framing(
    status: StatusCode,
    http10: bool,
    length: Option<u64>,
    headers: &HeaderMap,
    method: &Method,
) -> Result<Framing, Refusal> {
    let chunked = is_chunked(headers)?;
    if chunked && http10 {
        return Err(Refusal::EncodingInHttp10);
    }
    if chunked && length.is_some() {
        return Err(Refusal::LengthAndEncoding);
    }
    let bodiless = *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || (*method == Method::CONNECT && status.is_success());
    Ok(match length {
        _ if bodiless => Framing::Length(0),
        _ if chunked => Framing::Chunked,
        Some(length) => Framing::Length(length),
        None => Framing::UntilClose,
    })
}

/// Whether the body comes in chunks; no other coding is known, as none is asked for.
fn is_chunked(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(false),
        (Some(only), None) if only.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(true),
        _ => Err(Refusal::TransferEncoding),
    }
}

/// The one length that all headers name. A server may repeat the same one; whoever comes next gets it once.
fn settle_length(headers: &mut HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut length = None;
    let mut named = 0;
    for value in headers.get_all(CONTENT_LENGTH) {
        for part in value.as_bytes().split(|&b| b == b',') {
            named += 1;
            let number = fields::number(fields::trim(part)).ok_or(Refusal::ContentLength)?;
            if length.replace(number).is_some_and(|other| other != number) {
                return Err(Refusal::ContentLength);
            }
        }
    }
    if let Some(length) = length
        && named > 1
    {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(length)
}

fn is_persistent(http10: bool, headers: &HeaderMap) -> bool {
    let says = |word: &[u8]| headers.get_all(CONNECTION).iter().any(|value| fields::lists(value.as_bytes(), word));
    !says(b"close") && (!http10 || says(b"keep-alive"))
}
