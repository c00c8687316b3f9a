//! HTTP/1 as bytes: heads and chunks (RFC 9112).
//!
//! Two programs in a row that disagree where a request ends can be made to see different requests (request smuggling). So
//! whatever RFC 9112 lets a recipient of a request repair is refused here, and what passes has one meaning only. What a
//! server answers is read as servers write it, unless its end could be taken for another one.

pub mod chunks;
mod fields;
pub mod refusal;
pub mod request;
pub mod response;

/// Where a message's body ends (RFC 9112, 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes.
    Length(u64),
    /// After its last chunk.
    Chunked,
    /// With the connection. Only of responses.
    UntilClose,
}
