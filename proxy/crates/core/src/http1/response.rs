//! The head of a response.

use bytes::BytesMut;
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
/// not whole yet, and no line so far is wrong.
pub fn take(buffer: &mut BytesMut, max: usize, method: &Method) -> Result<Option<Head>, Refusal> {
    let Some((end, lines)) = end(&buffer[..buffer.len().min(max)])? else {
        return if buffer.len() < max { Ok(None) } else { Err(Refusal::TooLong) };
    };
    // The names and values are parts of the shared bytes, so that nothing is copied.
    let head = if end == buffer.len() { std::mem::take(buffer) } else { buffer.split_to(end) }.freeze();
    let mut rest = Lines(&head);
    let status = rest.first().ok_or(Refusal::Response)?;
    let (http10, status) = status_line(status)?;
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.version_mut() = if http10 { Version::HTTP_10 } else { Version::HTTP_11 };
    let headers = response.headers_mut();
    headers.reserve(lines);
    for line in rest.take_while(|line| !line.is_empty()) {
        let (name, value) = fields::split(line)?;
        fields::append(headers, &head, name, value)?; // looks at each byte of both
    }
    let length = settle_length(headers)?;
    let framing = framing(status, http10, length, headers, method)?;
    let persistent = framing != Framing::UntilClose && is_persistent(http10, headers);
    Ok(Some(Head { response, framing, persistent }))
}

/// Where the head ends and how many header lines it has. `None`: not yet, and the lines so far are right.
fn end(bytes: &[u8]) -> Result<Option<(usize, usize)>, Refusal> {
    let mut lines = Lines(bytes);
    let Some(first) = lines.first() else {
        return if could_begin(lines.0) { Ok(None) } else { Err(Refusal::Response) };
    };
    let mut headers = 0;
    while let Some(line) = lines.next() {
        if line.is_empty() {
            return Ok(Some((bytes.len() - lines.0.len(), headers)));
        }
        headers += 1;
        if headers > HEADERS_MAX {
            return Err(Refusal::TooMany);
        }
    }
    status_line(first)?;
    Lines(bytes).skip_while(|line| line.is_empty()).skip(1).try_for_each(|line| fields::field(line).map(drop))?;
    Ok(None)
}

/// Lines that are whole, without their ends. Servers may end them by LF alone (RFC 9112, 2.2); a CR elsewhere is in no token
/// and in no value.
struct Lines<'a>(&'a [u8]);

impl<'a> Lines<'a> {
    /// The first one that is not empty: there are servers that send a line too much after a body.
    fn first(&mut self) -> Option<&'a [u8]> {
        self.find(|line| !line.is_empty())
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = memchr::memchr(b'\n', self.0)?;
        let line = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// `HTTP/1.x SP code [SP reason]` (RFC 9112, 4). Returns whether it is HTTP/1.0, and the code.
fn status_line(line: &[u8]) -> Result<(bool, StatusCode), Refusal> {
    let (http10, rest) = match line.split_at_checked(VERSION.len()) {
        Some((b"HTTP/1.1 ", rest)) => (false, rest),
        Some((b"HTTP/1.0 ", rest)) => (true, rest),
        _ => return Err(Refusal::Response),
    };
    let (code, reason) = rest.split_at_checked(3).ok_or(Refusal::Response)?;
    let spaced = matches!(reason.first(), None | Some(b' '));
    if !spaced || fields::has_control(reason) {
        return Err(Refusal::Response);
    }
    Ok((http10, StatusCode::from_bytes(code).map_err(|_| Refusal::Response)?))
}

const VERSION: &[u8] = b"HTTP/1.1 ";

/// Whether so few bytes may be the beginning of a head.
fn could_begin(bytes: &[u8]) -> bool {
    let mut begun = bytes;
    while let [b'\r' | b'\n', rest @ ..] = begun {
        begun = rest;
    }
    let known = begun.len().min("HTTP/1.".len());
    begun[..known] == VERSION[..known]
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

/// The one length that all headers name. A server may repeat the same one; whoever comes next gets it once and in plain words.
fn settle_length(headers: &mut HeaderMap) -> Result<Option<u64>, Refusal> {
    let mut length = None;
    let (mut named, mut padded) = (0, false);
    for value in headers.get_all(CONTENT_LENGTH) {
        for part in value.as_bytes().split(|&b| b == b',') {
            let part = fields::trim(part);
            let number = fields::length(part).ok_or(Refusal::ContentLength)?;
            named += 1;
            padded |= fields::is_padded(part);
            if length.replace(number).is_some_and(|other| other != number) {
                return Err(Refusal::ContentLength);
            }
        }
    }
    if let Some(length) = length
        && (named > 1 || padded)
    {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(length)
}

fn is_persistent(http10: bool, headers: &HeaderMap) -> bool {
    let says = |word: &[u8]| headers.get_all(CONNECTION).iter().any(|value| fields::lists(value.as_bytes(), word));
    !says(b"close") && (!http10 || says(b"keep-alive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 64 * 1024;

    fn read(text: &str) -> Result<Option<Head>, Refusal> {
        take(&mut BytesMut::from(text), MAX, &Method::GET)
    }

    #[test]
    fn a_head_is_taken_when_it_is_whole_and_what_follows_stays() {
        let text = "\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\nX:  a b \t\r\nEmpty:\r\n\r\nhello";
        let head = text.find("hello").unwrap();
        for part in 0..head {
            assert!(matches!(read(&text[..part]), Ok(None)), "{part}");
        }
        let mut buffer = BytesMut::from(text);
        let taken = take(&mut buffer, MAX, &Method::GET).unwrap().unwrap();
        assert_eq!(
            (taken.response.status().as_u16(), taken.framing, taken.persistent),
            (200, Framing::Length(5), true)
        );
        let header = |name: &str| taken.response.headers()[name].as_bytes();
        assert_eq!((header("x"), header("empty")), (&b"a b"[..], &b""[..]));
        assert_eq!(buffer, "hello");
    }

    #[test]
    fn lines_of_old_servers_may_end_by_a_line_feed_alone() {
        let head = read("HTTP/1.0 404\nServer: old\nX: y\r\n\n").unwrap().unwrap();
        assert_eq!((head.response.status().as_u16(), head.response.version()), (404, Version::HTTP_10));
        assert_eq!((head.response.headers().len(), head.framing), (2, Framing::UntilClose));
    }

    #[test]
    fn a_length_is_passed_on_once_and_without_zeros_before_it() {
        let padded = format!("{:060}", i64::MAX);
        for (said, means) in
            [("0005", "5"), ("00", "0"), ("5, 05", "5"), (padded.as_str(), "9223372036854775807"), ("0", "0")]
        {
            let head = read(&format!("HTTP/1.1 200 OK\r\ncontent-length: {said}\r\n\r\n")).unwrap().unwrap();
            let lengths: Vec<_> = head.response.headers().get_all(CONTENT_LENGTH).iter().collect();
            assert_eq!(lengths, [means], "{said}");
            assert_eq!(head.framing, Framing::Length(means.parse().unwrap()), "{said}");
        }
        assert!(matches!(
            read("HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775808\r\n\r\n"),
            Err(Refusal::ContentLength)
        ));
    }

    #[test]
    fn what_is_no_response_is_refused_as_soon_as_that_shows() {
        for text in ["SSH-2.0", "HTTP/2", "HTTP/1.1x", "HTTP/1.2 200 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1 20\r\n"]
        {
            assert!(text == "HTTP/1.1x" || read(text).is_err(), "{text}");
            assert!(read(&format!("{text}\r\n\r\n")).is_err(), "{text}");
        }
        for line in
            ["no colon", " folded: x", "a b: c", "a : c", ": c", "a\r: c", "a: b\rc", "a: \x01", "a: \x7f", "\r"]
        {
            assert!(read(&format!("HTTP/1.1 200 OK\r\n{line}\r\nx: y\r\n")).is_err(), "{line:?}");
            assert!(read(&format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n")).is_err(), "{line:?}");
        }
        assert!(read("HTTP/1.1 200 O\rK\r\n\r\n").is_err());
        assert!(read("HTTP/1.1 2000 OK\r\n\r\n").is_err());
    }

    #[test]
    fn a_head_is_bounded_in_bytes_and_in_lines() {
        let lines = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(count));
        assert!(matches!(read(&lines(HEADERS_MAX)), Ok(Some(_))));
        assert!(matches!(read(&lines(HEADERS_MAX + 1)), Err(Refusal::TooMany)));
        let mut long = BytesMut::from(&*format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(100)));
        assert!(matches!(take(&mut long, 100, &Method::GET), Err(Refusal::TooLong)));
    }
}
