//! Header lines.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use memchr::memchr2;

use crate::http1::refusal::Refusal;

/// The first line without its end, and its length with it.
pub(super) fn line(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Refusal> {
    let Some(end) = memchr2(b'\r', b'\n', bytes) else { return Ok(None) };
    match &bytes[end..] {
        [b'\r', b'\n', ..] => Ok(Some((&bytes[..end], end + 2))),
        [b'\r'] => Ok(None),
        _ => Err(Refusal::BareLineEnd),
    }
}

/// A header line's name and value, as far as the colon tells.
pub(super) fn split(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(Refusal::Folded);
    }
    let colon = memchr::memchr(b':', line).ok_or(Refusal::HeaderName)?;
    Ok((&line[..colon], trim(&line[colon + 1..])))
}

/// A header line's name and value, which are what they should be.
pub(super) fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let (name, value) = split(line)?;
    if !is_token(name) {
        return Err(Refusal::HeaderName);
    }
    if has_control(value) {
        return Err(Refusal::HeaderValue);
    }
    Ok((name, value))
}

/// Adds a header whose value is a part of `all`, so that nothing is copied.
pub(super) fn append(headers: &mut HeaderMap, all: &Bytes, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
    let name = match known(name) {
        Some(name) => name,
        None => HeaderName::from_bytes(name).map_err(|_| Refusal::HeaderName)?,
    };
    let value = HeaderValue::from_maybe_shared(all.slice_ref(value)).map_err(|_| Refusal::HeaderValue)?;
    headers.try_append(name, value).map_err(|_| Refusal::TooMany)?;
    Ok(())
}

/// What most heads have, as most programs write it: a comparison is quicker than to look at each letter.
fn known(name: &[u8]) -> Option<HeaderName> {
    Some(match name {
        b"Host" | b"host" => header::HOST,
        b"User-Agent" | b"user-agent" => header::USER_AGENT,
        b"Accept" | b"accept" => header::ACCEPT,
        b"Accept-Encoding" | b"accept-encoding" => header::ACCEPT_ENCODING,
        b"Connection" | b"connection" => header::CONNECTION,
        b"Content-Length" | b"content-length" => header::CONTENT_LENGTH,
        b"Content-Type" | b"content-type" => header::CONTENT_TYPE,
        b"Transfer-Encoding" | b"transfer-encoding" => header::TRANSFER_ENCODING,
        b"Date" | b"date" => header::DATE,
        b"Server" | b"server" => header::SERVER,
        b"Last-Modified" | b"last-modified" => header::LAST_MODIFIED,
        b"ETag" | b"etag" => header::ETAG,
        b"Accept-Ranges" | b"accept-ranges" => header::ACCEPT_RANGES,
        b"Cache-Control" | b"cache-control" => header::CACHE_CONTROL,
        b"Vary" | b"vary" => header::VARY,
        b"Cookie" | b"cookie" => header::COOKIE,
        b"Set-Cookie" | b"set-cookie" => header::SET_COOKIE,
        b"Authorization" | b"authorization" => header::AUTHORIZATION,
        _ => return None,
    })
}

/// Whether there is a character that no text of a head may have (RFC 9110, 5.5).
pub(super) fn has_control(text: &[u8]) -> bool {
    text.iter().any(|&b| (b < 0x20 && b != b'\t') || b == 0x7f)
}

pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| TCHAR[usize::from(byte)])
}

/// RFC 9110, 5.6.2.
const TCHAR: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let others = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

/// Without spaces and tabs around it, the only white space of HTTP.
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The length of a body: digits only; a sign, white space or a list is no number. No more than servers count in, a signed
/// number of 64 bits: with more, and HTTP/2 would have no way to say it.
pub(super) fn length(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok().filter(|length| i64::try_from(*length).is_ok())
}

/// Whether a length is written with zeros before it (RFC 9110, 8.6, lets it be). There are readers who count digits and
/// refuse it then, and readers who take it for octal: whoever comes next gets the number as everyone writes it.
pub(super) fn is_padded(length: &[u8]) -> bool {
    length.len() > 1 && length[0] == b'0'
}

/// Whether a comma-separated list has an element, in any case of letters.
pub(super) fn lists(value: &[u8], element: &[u8]) -> bool {
    value.split(|&b| b == b',').any(|part| trim(part).eq_ignore_ascii_case(element))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_known_mean_the_same_as_if_they_were_not() {
        let names = [
            "Host",
            "User-Agent",
            "Accept",
            "Accept-Encoding",
            "Connection",
            "Content-Length",
            "Content-Type",
            "Transfer-Encoding",
            "Date",
            "Server",
            "Last-Modified",
            "ETag",
            "Accept-Ranges",
            "Cache-Control",
            "Vary",
            "Cookie",
            "Set-Cookie",
            "Authorization",
        ];
        for name in names {
            for written in [name.to_owned(), name.to_ascii_lowercase()] {
                let read = HeaderName::from_bytes(written.as_bytes()).unwrap();
                assert_eq!(known(written.as_bytes()), Some(read), "{written}");
            }
            assert_eq!(known(name.to_ascii_uppercase().as_bytes()), None);
        }
    }
}
