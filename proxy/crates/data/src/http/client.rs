//! What can go wrong between sending a request and the head of its answer, and what that means for another try.

use crate::connect::{ConnectError, Peer};
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::h1::exchange::ExchangeError;
use crate::http::h2::client::StreamError;

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection; nothing was sent.
    #[error(transparent)]
    Connect(ConnectError),
    /// Over HTTP/1.
    #[error(transparent)]
    Http1(#[from] ExchangeError),
    /// Over HTTP/2.
    #[error(transparent)]
    Http2(#[from] StreamError),
    /// The server changed the protocol, which nobody asked for.
    #[error("it changed the protocol unasked")]
    Unasked,
}

/// What a failure says of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It certainly did nothing with the request.
    Untouched,
    /// It may have done something, and did not answer.
    Lost,
    /// It answered nonsense, or what the client sent failed.
    Failed,
}

impl SendError {
    fn meaning(&self) -> Meaning {
        match self {
            SendError::Connect(_)
            | SendError::Http1(ExchangeError::Unsent(_))
            | SendError::Http2(StreamError::Unsent(_)) => Meaning::Untouched,
            SendError::Http1(ExchangeError::Lost(_)) => Meaning::Lost,
            // GOAWAY fails exactly the streams that the peer did not take up (RFC 9113, 6.8).
            SendError::Http2(StreamError::Stream(error))
                if error.reason() == Some(h2::Reason::REFUSED_STREAM) || (error.is_go_away() && error.is_remote()) =>
            {
                Meaning::Untouched
            }
            SendError::Http2(StreamError::Stream(error)) if error.is_io() => Meaning::Lost,
            SendError::Http1(_) | SendError::Http2(_) | SendError::Unasked => Meaning::Failed,
        }
    }

    /// Whether the peer certainly did nothing with the request, so that any request may be sent again.
    pub(crate) fn is_untouched(&self) -> bool {
        self.meaning() == Meaning::Untouched
    }

    /// Whether the connection was lost after the request was sent.
    pub(crate) fn is_lost(&self) -> bool {
        self.meaning() == Meaning::Lost
    }

    /// What the server's own reset said, over HTTP/2. A refusal is none: a client is told why nobody took its request.
    pub(crate) fn reset(&self) -> Option<h2::Reason> {
        match self {
            SendError::Http2(StreamError::Stream(error)) if error.is_reset() && error.is_remote() => {
                error.reason().filter(|reason| *reason != h2::Reason::REFUSED_STREAM)
            }
            _ => None,
        }
    }

    /// Whether it is what the client sends that failed: that says nothing of the peer.
    pub(crate) fn is_of_request(&self) -> bool {
        matches!(self, SendError::Http1(ExchangeError::Request(_)) | SendError::Http2(StreamError::Request(_)))
    }

    /// The class of the failure.
    pub(crate) fn kind(&self) -> ErrorKind {
        match (self, self.meaning()) {
            (SendError::Connect(error), _) if error.timed_out => ErrorKind::ConnectTimeout,
            (_, Meaning::Untouched) => ErrorKind::Connect,
            (_, Meaning::Lost) => ErrorKind::Unanswered,
            (_, Meaning::Failed) => ErrorKind::Failed,
        }
    }

    /// What the client is told.
    pub(crate) fn to_error(&self, peer: &Peer) -> ProxyError {
        let message = match (self, self.meaning()) {
            (SendError::Connect(error), _) => error.message.to_string(),
            (_, Meaning::Untouched) => format!("{peer} did not take the request: {self}"),
            (_, Meaning::Lost) => format!("{peer} closed the connection before it answered ({self})"),
            (_, Meaning::Failed) => format!("{peer} failed: {self}"),
        };
        ProxyError { reset: self.reset(), ..ProxyError::new(self.kind(), message) }
    }
}
