//! The head of a request.

use std::sync::LazyLock;

use bytes::{Buf, Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http::uri::InvalidUri;
use http::{HeaderValue, Method, Request, Uri, Version};
use memchr::memmem;

use crate::http1::Framing;
use crate::http1::fields::{self, field, is_token, line, split};
use crate::http1::refusal::Refusal;

/// The end of a head.
static END: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(b"\r\n\r\n"));
/// Header lines of one head.
const HEADERS_MAX: usize = 256;

/// A whole head.
#[derive(Debug)]
pub struct Head {
    /// Method, target, version and headers.
    pub request: Request<()>,
    /// Where the body ends.
    pub framing: Framing,
    /// Whether the client wants the connection to stay (RFC 9112, 9.3).
    pub persistent: bool,
}

/// Takes a head of at most `max` bytes from the start of `buffer`, with empty lines before it (RFC 9112, 2.2). `None`: it is
/// not whole yet, and no line so far is wrong. Each line is judged when it is whole; more bytes never change a verdict.
pub fn take(buffer: &mut BytesMut, max: usize) -> Result<Option<Head>, Refusal> {
    while buffer.starts_with(b"\r\n") {
        buffer.advance(2);
    }
    let window = &buffer[..buffer.len().min(max)];
    let Some(end) = END.find(window) else {
        judge_lines(window)?;
        return if buffer.len() < max { Ok(None) } else { Err(Refusal::TooLong) };
    };
    if end + 4 == buffer.len() {
        // Nothing follows: the head takes the buffer with it, and a connection that rests has none.
        return whole(std::mem::take(buffer).freeze()).map(Some);
    }
    whole(buffer.split_to(end + 4).freeze()).map(Some)
}

/// Finds what is wrong with lines of which more may come.
fn judge_lines(bytes: &[u8]) -> Result<(), Refusal> {
    let mut rest = bytes;
    let mut facts: Option<Facts> = None;
    if memchr::memchr_iter(b'\n', bytes).count() > HEADERS_MAX + 1 {
        return Err(Refusal::TooMany);
    }
    while let Some((line, length)) = line(rest)? {
        match &mut facts {
            None => {
                let first = RequestLine::parse(line)?;
                target(Uri::try_from(first.target), &first)?;
                facts = Some(Facts::of(&first));
            }
            Some(facts) => {
                let (name, value) = field(line)?;
                facts.note(name, value)?;
            }
        }
        rest = &rest[length..];
    }
    Ok(())
}

fn whole(head: Bytes) -> Result<Head, Refusal> {
    let lines = memchr::memchr_iter(b'\n', &head).count();
    if lines > HEADERS_MAX + 2 {
        return Err(Refusal::TooMany);
    }
    let (first, length) = line(&head)?.ok_or(Refusal::RequestLine)?;
    let first = RequestLine::parse(first)?;
    let mut facts = Facts::of(&first);
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(first.method).map_err(|_| Refusal::RequestLine)?;
    *request.uri_mut() = target(Uri::from_maybe_shared(head.slice_ref(first.target)), &first)?;
    *request.version_mut() = if first.http10 { Version::HTTP_10 } else { Version::HTTP_11 };
    let headers = request.headers_mut();
    headers.reserve(lines.saturating_sub(1));
    let mut at = length;
    while let Some((line, length)) = line(&head[at..])?
        && !line.is_empty()
    {
        let (name, value) = split(line)?;
        fields::append(headers, &head, name, value)?; // looks at each byte of both
        facts.note(name, value)?;
        at += length;
    }
    if let (Some(length), true) = (facts.content_length, facts.padded) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(Head { request, framing: facts.framing()?, persistent: facts.is_persistent() })
}

struct RequestLine<'a> {
    method: &'a [u8],
    target: &'a [u8],
    http10: bool,
}

impl<'a> RequestLine<'a> {
    fn parse(line: &'a [u8]) -> Result<Self, Refusal> {
        let mut parts = line.split(|&b| b == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refusal::RequestLine);
        };
        let http10 = match version {
            b"HTTP/1.1" => false,
            b"HTTP/1.0" => true,
            _ => return Err(Refusal::RequestLine),
        };
        if !is_token(method) || target.is_empty() || !target.iter().all(|b| (0x21..0x7f).contains(b)) {
            return Err(Refusal::RequestLine);
        }
        Ok(Self { method, target, http10 })
    }
}

/// The four forms of RFC 9112, 3.2. A fragment is none of them: who drops it would route another target than who does not.
fn target(uri: Result<Uri, InvalidUri>, line: &RequestLine<'_>) -> Result<Uri, Refusal> {
    if memchr::memchr(b'#', line.target).is_some() {
        return Err(Refusal::Target);
    }
    let uri = uri.map_err(|_| Refusal::Target)?;
    let is_authority = uri.scheme().is_none() && uri.authority().is_some();
    // Whose name it is nobody may ask: user and password are no part of a target (RFC 9110, 4.2.4).
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(Refusal::Target);
    }
    if uri.scheme_str().is_some_and(|scheme| !is_scheme(scheme)) {
        return Err(Refusal::Target);
    }
    let fits = match (line.method, line.target) {
        (b"CONNECT", _) => is_authority && uri.port().is_some(),
        (b"OPTIONS", b"*") => true,
        (_, [b'/', ..]) => true,
        _ => uri.scheme().is_some() && uri.authority().is_some(),
    };
    if fits { Ok(uri) } else { Err(Refusal::Target) }
}

/// A letter, then letters, digits, `+`, `-` and `.` (RFC 3986, 3.1). `http` takes more than that, and a program that does not
/// would find another path in the same target.
#[must_use]
pub fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// What is known of a head so far.
struct Facts {
    http10: bool,
    chunked: bool,
    content_length: Option<u64>,
    padded: bool,
    hosts: usize,
    close: bool,
    keep_alive: bool,
}

impl Facts {
    fn of(line: &RequestLine<'_>) -> Self {
        let http10 = line.http10;
        Self { http10, chunked: false, content_length: None, padded: false, hosts: 0, close: false, keep_alive: false }
    }

    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"host") => {
                if !is_host(value) {
                    return Err(Refusal::Host);
                }
                self.hosts += 1;
            }
            10 if name.eq_ignore_ascii_case(b"connection") => {
                self.close |= fields::lists(value, b"close");
                self.keep_alive |= fields::lists(value, b"keep-alive");
            }
            14 if name.eq_ignore_ascii_case(b"content-length") => {
                let length = fields::length(value).ok_or(Refusal::ContentLength)?;
                self.padded = fields::is_padded(value);
                if self.content_length.replace(length).is_some() {
                    return Err(Refusal::ContentLength);
                }
            }
            17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
                if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Refusal::TransferEncoding);
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn framing(&self) -> Result<Framing, Refusal> {
        if self.hosts > 1 || (self.hosts == 0 && !self.http10) {
            return Err(Refusal::Host);
        }
        match (self.chunked, self.content_length) {
            (true, Some(_)) => Err(Refusal::LengthAndEncoding),
            (true, None) if self.http10 => Err(Refusal::EncodingInHttp10),
            (true, None) => Ok(Framing::Chunked),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }

    fn is_persistent(&self) -> bool {
        !self.close && (!self.http10 || self.keep_alive)
    }
}

/// A host and perhaps a port (RFC 3986, 3.2.2), without the comma, which joins two headers into one. Nothing at all is
/// what a target without an authority has (RFC 9112, 3.2).
fn is_host(bytes: &[u8]) -> bool {
    let (host, port) = match bytes {
        [b'[', rest @ ..] => {
            let Some(end) = memchr::memchr(b']', rest) else { return false };
            let address = rest[..end].iter().all(|b| b.is_ascii_hexdigit() || b":.".contains(b));
            if !address || end == 0 {
                return false;
            }
            (&b""[..], &rest[end + 1..])
        }
        _ => bytes.split_at(memchr::memchr(b':', bytes).unwrap_or(bytes.len())),
    };
    let named = host.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+;=%".contains(b));
    let numbered = match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit) && digits.len() <= 5,
        _ => false,
    };
    named && numbered
}
