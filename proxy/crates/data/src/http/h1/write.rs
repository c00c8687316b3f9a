//! Heads as they are written.

use bytes::BytesMut;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Response, StatusCode, Version};
use http_body::Body as _;

use crate::http::body::Body;
use crate::http::h1::coding::Coding;

/// What decides how a response is written.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The request's method.
    pub(crate) method: Method,
    /// The client speaks HTTP/1.0.
    pub(crate) http10: bool,
    /// The client wants the connection to stay.
    pub(crate) persistent: bool,
    /// The client sends its body only when it is told to, and was not told yet.
    pub(crate) waits: bool,
}

impl Asked {
    /// Of a request whose head could not be read.
    pub(crate) fn nothing() -> Self {
        Self { method: Method::GET, http10: false, persistent: false, waits: false }
    }
}

/// Writes the head of a request and says how `body` follows (RFC 9112, 6.3).
pub(crate) fn request<B>(request: &Request<B>, body: &Body, text: &mut BytesMut) -> Coding {
    let headers = request.headers();
    text.reserve(length_of(headers) + request.uri().path().len() + 64);
    text.extend_from_slice(request.method().as_str().as_bytes());
    text.extend_from_slice(b" ");
    target(request, text);
    let (announced, exact) = (length(headers), body.size_hint().exact());
    // HTTP/1.0 knows no chunks: a server that takes it by its word would read them as the next request.
    let http10 = request.version() == Version::HTTP_10 && announced.or(exact).is_some();
    text.extend_from_slice(if http10 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" });
    fields(headers, text, |_| true);
    let coding = match (announced, exact) {
        (Some(length), _) => Coding::Length(length),
        (None, Some(0)) => {
            if matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) {
                text.extend_from_slice(b"content-length: 0\r\n");
            }
            Coding::None
        }
        (None, Some(length)) => {
            number(CONTENT_LENGTH, length, text);
            Coding::Length(length)
        }
        (None, None) => {
            text.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Coding::Chunked
        }
    };
    text.extend_from_slice(b"\r\n");
    coding
}

/// Origin form, unless the request names a scheme (absolute form) or nothing but an authority (CONNECT).
fn target<B>(request: &Request<B>, text: &mut BytesMut) {
    let uri = request.uri();
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if let Some(authority) = uri.authority() {
        if let Some(scheme) = uri.scheme_str() {
            text.extend_from_slice(scheme.as_bytes());
            text.extend_from_slice(b"://");
        }
        text.extend_from_slice(authority.as_str().as_bytes());
        if uri.scheme().is_some() {
            text.extend_from_slice(path.as_bytes());
        }
    } else {
        text.extend_from_slice(path.as_bytes());
    }
}

/// Writes the head of a response. Says how its body follows, and whether the connection stays.
pub(crate) fn response(response: &Response<Body>, asked: &Asked, text: &mut BytesMut) -> (Coding, bool) {
    let (status, headers) = (response.status(), response.headers());
    text.reserve(length_of(headers) + 96);
    status_line(status, asked.http10, text);
    let bodiless = asked.method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    fields(headers, text, |name| status != StatusCode::NO_CONTENT || *name != CONTENT_LENGTH);
    let coding = match (length(headers), response.body().size_hint().exact()) {
        _ if bodiless => Coding::None,
        (Some(length), _) => Coding::Length(length),
        (None, Some(length)) => {
            number(CONTENT_LENGTH, length, text);
            if length == 0 { Coding::None } else { Coding::Length(length) }
        }
        (None, None) if asked.http10 => Coding::UntilClose,
        (None, None) => {
            text.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Coding::Chunked
        }
    };
    let persistent = asked.persistent && coding != Coding::UntilClose;
    match (persistent, asked.http10) {
        (false, false) => text.extend_from_slice(b"connection: close\r\n"),
        (true, true) => text.extend_from_slice(b"connection: keep-alive\r\n"),
        (false, true) | (true, false) => {}
    }
    text.extend_from_slice(b"\r\n");
    (coding, persistent)
}

/// Writes a head behind which no body comes: an interim answer, or the consent to another protocol.
pub(crate) fn bare(response: &Response<()>, text: &mut BytesMut) {
    status_line(response.status(), false, text);
    let changes = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    for (name, value) in response.headers() {
        if *name != CONTENT_LENGTH && *name != TRANSFER_ENCODING && (changes || *name != CONNECTION) {
            field(name, value, text);
        }
    }
    text.extend_from_slice(b"\r\n");
}

fn status_line(status: StatusCode, http10: bool, text: &mut BytesMut) {
    text.extend_from_slice(if http10 { b"HTTP/1.0 " } else { b"HTTP/1.1 " });
    text.extend_from_slice(status.as_str().as_bytes());
    text.extend_from_slice(b" ");
    text.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    text.extend_from_slice(b"\r\n");
}

/// All but what this connection decides itself, and a length once: HTTP/2 lets a peer repeat it.
fn fields(headers: &HeaderMap, text: &mut BytesMut, wanted: impl Fn(&HeaderName) -> bool) {
    let mut has_length = false;
    for (name, value) in headers {
        if *name == CONTENT_LENGTH && std::mem::replace(&mut has_length, true) {
            continue;
        }
        if *name != TRANSFER_ENCODING && wanted(name) {
            field(name, value, text);
        }
    }
}

fn field(name: &HeaderName, value: &HeaderValue, text: &mut BytesMut) {
    text.extend_from_slice(name.as_str().as_bytes());
    text.extend_from_slice(b": ");
    text.extend_from_slice(value.as_bytes());
    text.extend_from_slice(b"\r\n");
}

fn number(name: HeaderName, number: u64, text: &mut BytesMut) {
    field(&name, &HeaderValue::from(number), text);
}

fn length_of(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
