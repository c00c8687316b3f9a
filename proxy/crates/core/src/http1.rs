//! A strict look at the head of an HTTP/1 request, before any parser sees it.
//!
//! Two programs in a row that disagree where a request ends can be made to see different requests (request smuggling). So
//! whatever RFC 9112 lets a recipient repair is refused here, and what passes has one meaning only.

/// What the bytes of a head are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The head is not over yet.
    NeedMore,
    /// A whole head.
    Ok(Head),
    /// No valid head will come of it.
    Refused(Refusal),
}

/// What a head says of the bytes that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the head, with its empty line.
    pub length: usize,
    /// How long the body is.
    pub body: Framing,
}

/// Where a request's body ends (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes.
    Length(u64),
    /// After its last chunk.
    Chunked,
}

/// Why a head is refused; the text names the rule, never the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than allowed.
    #[error("the request's head is too long")]
    TooLong,
    /// A carriage return or a line feed without its other half.
    #[error("a line of the request's head does not end in CRLF")]
    BareLineEnd,
    /// Not `METHOD SP target SP HTTP/1.x`.
    #[error("the request line is malformed")]
    RequestLine,
    /// A header line that begins with white space (RFC 9112, 5.2).
    #[error("a header is folded over several lines")]
    Folded,
    /// No colon, or something else than a token before it, such as white space (RFC 9112, 5.1).
    #[error("a header's name is malformed")]
    HeaderName,
    /// A control character.
    #[error("a header's value has a control character")]
    HeaderValue,
    /// Not one decimal number.
    #[error("content-length is no number, or several")]
    ContentLength,
    /// Anything but exactly `chunked` (RFC 9112, 6.1).
    #[error("transfer-encoding is not exactly chunked")]
    TransferEncoding,
    /// Both say how long the body is.
    #[error("both content-length and transfer-encoding are given")]
    LengthAndEncoding,
    /// HTTP/1.0 knows no chunks.
    #[error("transfer-encoding in an HTTP/1.0 request")]
    EncodingInHttp10,
    /// RFC 9112, 3.2.
    #[error("the request does not name exactly one valid host")]
    Host,
}

/// Looks at the head at the start of `bytes`, which may take at most `max` bytes. Empty lines before the request line are
/// part of the head (RFC 9112, 2.2). Each line is judged when it is whole; more bytes never change a verdict.
pub fn check(bytes: &[u8], max: usize) -> Checked {
    let window = &bytes[..bytes.len().min(max)];
    match head(window) {
        Ok(Some(head)) => Checked::Ok(head),
        Ok(None) if bytes.len() < max => Checked::NeedMore,
        Ok(None) => Checked::Refused(Refusal::TooLong),
        Err(refusal) => Checked::Refused(refusal),
    }
}

fn head(bytes: &[u8]) -> Result<Option<Head>, Refusal> {
    let mut at = 0;
    let mut facts: Option<Facts> = None;
    while let Some((line, length)) = line(&bytes[at..])? {
        at += length;
        match (&mut facts, line) {
            (None, []) => {}
            (None, line) => facts = Some(Facts::of_request_line(line)?),
            (Some(facts), []) => return facts.head(at).map(Some),
            (Some(facts), line) => facts.add_header(line)?,
        }
    }
    Ok(None)
}

/// The first line without its end, and its length with it.
fn line(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, Refusal> {
    let Some(end) = bytes.iter().position(|&b| b == b'\r' || b == b'\n') else { return Ok(None) };
    match &bytes[end..] {
        [b'\r', b'\n', ..] => Ok(Some((&bytes[..end], end + 2))),
        [b'\r'] => Ok(None),
        _ => Err(Refusal::BareLineEnd),
    }
}

/// What is known of a head so far.
struct Facts {
    http10: bool,
    chunked: bool,
    content_length: Option<u64>,
    hosts: usize,
}

impl Facts {
    fn of_request_line(line: &[u8]) -> Result<Self, Refusal> {
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
        let is_target = |b: &u8| (0x21..0x7f).contains(b);
        if !is_token(method) || target.is_empty() || !target.iter().all(is_target) {
            return Err(Refusal::RequestLine);
        }
        Ok(Self { http10, chunked: false, content_length: None, hosts: 0 })
    }

    fn add_header(&mut self, line: &[u8]) -> Result<(), Refusal> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Refusal::Folded);
        }
        let colon = line.iter().position(|&b| b == b':').ok_or(Refusal::HeaderName)?;
        let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
        if !is_token(name) {
            return Err(Refusal::HeaderName);
        }
        if value.iter().any(|&b| (b < 0x20 && b != b'\t') || b == 0x7f) {
            return Err(Refusal::HeaderValue);
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value).ok_or(Refusal::ContentLength)?;
            if self.content_length.replace(length).is_some() {
                return Err(Refusal::ContentLength);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::TransferEncoding);
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"host") {
            if !is_host(value) {
                return Err(Refusal::Host);
            }
            self.hosts += 1;
        }
        Ok(())
    }

    fn head(&self, length: usize) -> Result<Head, Refusal> {
        if self.hosts > 1 || (self.hosts == 0 && !self.http10) {
            return Err(Refusal::Host);
        }
        let body = match (self.chunked, self.content_length) {
            (true, Some(_)) => return Err(Refusal::LengthAndEncoding),
            (true, None) if self.http10 => return Err(Refusal::EncodingInHttp10),
            (true, None) => Framing::Chunked,
            (false, length) => Framing::Length(length.unwrap_or(0)),
        };
        Ok(Head { length, body })
    }
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_tchar)
}

/// RFC 9110, 5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// What a host and port can be made of (RFC 3986, 3.2.2), without the comma, which joins two headers into one.
fn is_host(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+;=:%[]".contains(b))
}

/// Without spaces and tabs around it, the only white space of HTTP.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Digits only; a sign, white space or a list is no number.
fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
