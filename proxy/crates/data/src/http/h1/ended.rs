//! Why the connection of a client ended early.

use std::io;

use hauberk_core::http1::refusal::Refusal;

use crate::http::h1::send::SendingError;
use crate::http::serve::Reset;

/// Why a connection ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// It failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A request was not what it should be.
    #[error("request refused: {0}")]
    Refused(#[from] Refusal),
    /// The head of a request took too long.
    #[error("the request's head took too long")]
    Late,
    /// There is no room for more of the head of a request.
    #[error("there is no room for the request's head")]
    Crowded,
    /// Its client stalled.
    #[error("the client stalled")]
    Stalled,
    /// The body of a request broke off, or made no sense, while it was answered.
    #[error("the request's body broke off while it was answered")]
    Broken,
    /// An answer failed before anything of it was sent: its client can be told so.
    #[error(transparent)]
    Unsaid(SendingError),
    /// An answer was not sent to its end.
    #[error(transparent)]
    Answer(#[from] SendingError),
    /// The request has no answer.
    #[error(transparent)]
    Reset(#[from] Reset),
}
