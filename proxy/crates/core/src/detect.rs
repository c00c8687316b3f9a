//! Recognises a protocol by the first bytes that a client sends.
//!
//! A verdict never changes with more bytes. Nothing is decided while the bytes are a proper prefix of a request line, so
//! a head that arrives byte by byte is recognised like one that arrives whole.

/// The connection preface of HTTP/2 (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What follows the target in every request line of HTTP/1, before the minor version.
const VERSION: &[u8] = b"HTTP/1.";
/// Longer than any method that is registered.
const METHOD_MAX: usize = 24;
/// Methods that are in use (IANA's registry, without those that nobody sends). Others are known by the target behind them.
const METHODS: [&[u8]; 19] = [
    // RFC 9110, RFC 5789
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"CONNECT",
    b"OPTIONS",
    b"TRACE",
    b"PATCH",
    // WebDAV: RFC 4918, 3253, 5323
    b"PROPFIND",
    b"PROPPATCH",
    b"MKCOL",
    b"COPY",
    b"MOVE",
    b"LOCK",
    b"UNLOCK",
    b"REPORT",
    b"SEARCH",
    // caches, by convention
    b"PURGE",
];

/// What the first bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detected {
    /// More than one answer is still possible.
    NeedMore,
    /// A request line of HTTP/1. The head itself may still be wrong.
    Http1,
    /// The preface of HTTP/2.
    Http2,
    /// A ClientHello.
    Tls,
    /// None of these.
    Opaque,
}

/// Looks at all bytes of a connection so far.
///
/// A method of capital letters, digits, `-` and `_` that begins with a letter counts, known or not. Were every token
/// a method, each text protocol would have to wait for the end of its first line.
pub fn detect(bytes: &[u8]) -> Detected {
    match bytes.first() {
        None => Detected::NeedMore,
        Some(0x16) => tls(bytes),
        Some(_) if bytes.starts_with(PREFACE) => Detected::Http2,
        Some(_) if PREFACE.starts_with(bytes) => Detected::NeedMore,
        Some(b'\r') => after_empty_line(bytes),
        Some(_) => http1(bytes),
    }
}

/// An empty line may stand before a request (RFC 9112, 2.2); more of them than one nobody sends.
fn after_empty_line(bytes: &[u8]) -> Detected {
    match bytes {
        [b'\r'] | [b'\r', b'\n'] => Detected::NeedMore,
        [b'\r', b'\n', rest @ ..] => http1(rest),
        _ => Detected::Opaque,
    }
}

/// Whether bytes after which nothing more came are the start of a request: its method is a known one, or begins one, or a
/// path follows it. Tells a client that sends its request slowly from a program that waits for an answer to `PING`.
pub fn is_http_prefix(bytes: &[u8]) -> bool {
    match detect(bytes) {
        Detected::Http1 | Detected::Http2 => return true,
        Detected::Opaque | Detected::Tls => return false,
        Detected::NeedMore if bytes.is_empty() => return false,
        Detected::NeedMore if PREFACE.starts_with(bytes) => return true,
        Detected::NeedMore => {}
    }
    let line = bytes.strip_prefix(b"\r\n").unwrap_or(bytes);
    match line.iter().position(|&b| b == b' ') {
        Some(end) => METHODS.contains(&&line[..end]) || line[end..].starts_with(b" /"),
        None => !line.is_empty() && METHODS.iter().any(|method| method.starts_with(line)),
    }
}

/// Record type, version (whose minor part is to be ignored), two bytes of length, message type (RFC 8446, 5.1 and 4).
fn tls(bytes: &[u8]) -> Detected {
    let possible = bytes.iter().enumerate().take(6).all(|(at, &byte)| match at {
        0 => byte == 0x16,
        1 => byte == 0x03,
        5 => byte == 0x01,
        _ => true,
    });
    match possible {
        false => Detected::Opaque,
        true if bytes.len() < 6 => Detected::NeedMore,
        true => Detected::Tls,
    }
}

/// `METHOD SP target SP "HTTP/1."` (RFC 9112, 3).
fn http1(bytes: &[u8]) -> Detected {
    let method = bytes.iter().take_while(|&&b| is_method(b)).count();
    if !bytes.first().is_some_and(u8::is_ascii_uppercase) || method > METHOD_MAX {
        return Detected::Opaque;
    }
    let Some(rest) = after_space(&bytes[method..]) else { return Detected::Opaque };
    let target = rest.iter().take_while(|&&b| is_target(b)).count();
    let Some(version) = after_space(&rest[target..]) else { return Detected::Opaque };
    if version.starts_with(VERSION) {
        Detected::Http1
    } else if VERSION.starts_with(version) {
        Detected::NeedMore
    } else {
        Detected::Opaque
    }
}

/// The rest after one space; nothing left at all is fine as well.
fn after_space(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [] => Some(bytes),
        [b' ', rest @ ..] => Some(rest),
        _ => None,
    }
}

fn is_method(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
}

fn is_target(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f
}
