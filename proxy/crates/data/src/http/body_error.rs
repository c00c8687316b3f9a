//! Why a body ends early.

use crate::http::incoming::SenderError;
use crate::http::limit::Limit;

/// The reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// Its sender failed.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// Policy gives the message no more time.
    #[error("the time for the message is over")]
    Late(Limit),
    /// Nothing passed for as long as policy gives.
    #[error("nothing passed for as long as policy gives")]
    Idle,
}

impl BodyError {
    /// How HTTP/2 says it: what the sender's own stream said, else that the message is not whole.
    pub(crate) fn reason(&self) -> h2::Reason {
        match self {
            BodyError::Sender(SenderError::Http2(error)) if error.is_reset() => {
                error.reason().unwrap_or(h2::Reason::INTERNAL_ERROR)
            }
            BodyError::Sender(_) => h2::Reason::INTERNAL_ERROR,
            BodyError::Late(_) | BodyError::Idle => h2::Reason::CANCEL,
        }
    }

    /// The class of the failure.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            BodyError::Sender(SenderError::Http2(error)) => class_of_http2(error),
            BodyError::Sender(SenderError::Stalled) => "client stalled",
            BodyError::Sender(_) => "i/o",
            BodyError::Late(limit) => limit.class(),
            BodyError::Idle => "idle timeout",
        }
    }
}

/// The class of a failure of a stream of HTTP/2: what linkerd2-proxy tells apart, whichever end said it.
pub(crate) fn class_of_http2(error: &h2::Error) -> &'static str {
    if error.is_go_away() {
        return "go away";
    }
    match error.reason() {
        _ if !error.is_reset() => "i/o",
        Some(h2::Reason::CANCEL) => "canceled",
        Some(h2::Reason::REFUSED_STREAM) => "refused",
        Some(h2::Reason::ENHANCE_YOUR_CALM) => "enhance your calm",
        _ => "reset",
    }
}
