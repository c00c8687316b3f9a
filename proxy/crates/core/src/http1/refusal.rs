//! Why a message is refused.

/// The rule that a message breaks; the text never has bytes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than allowed.
    #[error("the head is too long")]
    TooLong,
    /// More header lines than allowed.
    #[error("the head has too many headers")]
    TooMany,
    /// A carriage return or a line feed without its other half.
    #[error("a line of the head does not end in CRLF")]
    BareLineEnd,
    /// Not `METHOD SP target SP HTTP/1.x`.
    #[error("the request line is malformed")]
    RequestLine,
    /// Not a target that goes with the method (RFC 9112, 3.2).
    #[error("the request's target is malformed")]
    Target,
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
    #[error("transfer-encoding with HTTP/1.0")]
    EncodingInHttp10,
    /// RFC 9112, 3.2.
    #[error("the request does not name exactly one valid host")]
    Host,
    /// Not the head of a response.
    #[error("the response's head is malformed")]
    Response,
}
