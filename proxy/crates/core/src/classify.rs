//! What counts as a success, and which gRPC code goes with which HTTP status.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

/// How a response counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The server did its part, even if it said no.
    Success,
    /// The server failed.
    Failure,
}

/// gRPC codes that blame the server: unknown, deadline exceeded, permission denied, internal, unavailable, data loss.
const GRPC_FAILURES: [u16; 6] = [2, 4, 7, 13, 14, 15];
/// The highest code; every other number means unknown (gRPC, "Status codes and their use").
const GRPC_MAX: u16 = 16;

/// An HTTP response: 5xx is a failure.
pub fn http(status: StatusCode) -> Class {
    if status.is_server_error() { Class::Failure } else { Class::Success }
}

/// A gRPC response, by its code where there is one. A stream that ended without a code counts by its HTTP status.
pub fn grpc(status: StatusCode, code: Option<u16>) -> Class {
    match code {
        Some(code) if code > GRPC_MAX || GRPC_FAILURES.contains(&code) => Class::Failure,
        Some(_) => Class::Success,
        None => http(status),
    }
}

/// The gRPC code that says the same as an HTTP status that the proxy itself would answer.
pub fn grpc_code_of(status: StatusCode) -> u16 {
    match status.as_u16() {
        200..=299 => 0,       // OK
        300..=399 | 404 => 5, // NOT_FOUND
        401 => 16,            // UNAUTHENTICATED
        403 => 7,             // PERMISSION_DENIED
        408 | 504 => 4,       // DEADLINE_EXCEEDED
        413 | 429 | 431 => 8, // RESOURCE_EXHAUSTED
        501 => 12,            // UNIMPLEMENTED
        502 | 503 => 14,      // UNAVAILABLE
        508 => 10,            // ABORTED
        400 | 500 => 13,      // INTERNAL
        _ => 2,               // UNKNOWN
    }
}

/// Whether a request is gRPC: `application/grpc` with or without a suffix of the message format, such as `+proto`.
/// gRPC-Web is not: its status travels in the body.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let Some(value) = headers.get(CONTENT_TYPE) else { return false };
    let Some((name, rest)) = value.as_bytes().split_at_checked(GRPC.len()) else { return false };
    name.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' ' | b'\t'))
}
