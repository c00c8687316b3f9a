//! Why a body ends early.

use crate::http::incoming::SenderError;

/// The reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// Its sender failed.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// Policy gives the message no more time.
    #[error("the time for the message is over")]
    Late,
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
            BodyError::Late | BodyError::Idle => h2::Reason::CANCEL,
        }
    }
}
