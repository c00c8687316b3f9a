//! The first bytes of a connection.

use std::hint::black_box;

use hauberk_core::detect::{Detected, detect};
use hauberk_core::transport_header::{Decoded, Header, Session, decode};

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] =
    &[("detect-http1", http1), ("detect-tls", tls), ("detect-opaque", opaque), ("transport-header", header)];

fn http1() -> Work {
    looks_at(b"GET /cart/items?page=2 HTTP/1.1\r\nhost: shop.example\r\n\r\n", Detected::Http1)
}

fn tls() -> Work {
    looks_at(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Detected::Tls)
}

fn opaque() -> Work {
    looks_at(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", Detected::Opaque)
}

fn looks_at(bytes: &'static [u8], expected: Detected) -> Work {
    Box::new(move || assert_eq!(detect(black_box(bytes)), expected))
}

fn header() -> Work {
    let header = Header { port: 8080, name: None, session: Some(Session::Http2) };
    let bytes = header.encode();
    Box::new(move || assert!(matches!(decode(black_box(&bytes)), Decoded::Done(..))))
}
