//! Heads and chunks of HTTP/1, as they lie in a connection's buffer.

use std::hint::black_box;

use bytes::BytesMut;
use hauberk_core::http1::chunks::Chunks;
use hauberk_core::http1::{request, response};
use http::Method;

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] = &[("http1-request", request), ("http1-response", response), ("http1-chunk", chunk)];

const MAX: usize = 64 * 1024;

/// As a program with a usual library sends it.
const REQUEST: &[u8] = b"POST /api/v1/orders/42/items?dry-run=true HTTP/1.1\r\n\
    host: orders.shop.svc.cluster.local:8080\r\n\
    user-agent: python-requests/2.32.3\r\n\
    accept: application/json\r\n\
    accept-encoding: gzip, deflate\r\n\
    connection: keep-alive\r\n\
    content-type: application/json\r\n\
    content-length: 118\r\n\
    traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
    authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjYXJ0In0.c2lnbmF0dXJl\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    server: nginx/1.22.1\r\n\
    date: Wed, 25 Nov 2026 01:00:00 GMT\r\n\
    content-type: application/json\r\n\
    content-length: 512\r\n\
    last-modified: Tue, 24 Nov 2026 22:00:00 GMT\r\n\
    connection: keep-alive\r\n\
    etag: \"6563c1a0-200\"\r\n\
    accept-ranges: bytes\r\n\r\n";

fn request() -> Work {
    Box::new(|| {
        let mut buffer = BytesMut::from(black_box(REQUEST));
        assert!(matches!(request::take(&mut buffer, MAX), Ok(Some(head)) if head.persistent));
    })
}

fn response() -> Work {
    Box::new(|| {
        let mut buffer = BytesMut::from(black_box(RESPONSE));
        assert!(matches!(response::take(&mut buffer, MAX, &Method::GET), Ok(Some(head)) if head.persistent));
    })
}

/// A size, and what surrounds the data of the chunk.
fn chunk() -> Work {
    let mut chunks = Chunks::default();
    Box::new(move || {
        assert!(chunks.skip(black_box(b"2000\r\n")).is_ok());
        chunks.took(0x2000);
        assert!(chunks.skip(black_box(b"\r\n")).is_ok());
    })
}
