//! What can go wrong between sending a request and the head of its answer, and what that means for another try.

use std::sync::Arc;

use crate::connect::{ConnectError, Peer};
use crate::http::body_error::{BodyError, class_of_http2};
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::h1::exchange::ExchangeError;
use crate::http::h1::send::SendingError;
use crate::http::h2::client::StreamError;
use crate::http::incoming::SenderError;

/// How often a request moves on that one goodbye after the other left out. A server that says goodbye after each few
/// requests, such as nginx, does that to many at once; each of its connections takes some of them.
pub(crate) const LEFT_OUT_MAX: usize = 16;

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
            | SendError::Http2(StreamError::Unsent(_) | StreamError::Stale(_)) => Meaning::Untouched,
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

    /// Why there was no connection, if there was none.
    pub(crate) fn no_connection(&self) -> Option<&Arc<str>> {
        match self {
            SendError::Connect(error) => Some(&error.message),
            _ => None,
        }
    }

    /// Whether the peer's goodbye left the request out, or a kept connection had ended before it: it goes over another
    /// connection, and that the peer takes requests at all is not in doubt.
    pub(crate) fn is_left_out(&self) -> bool {
        match self {
            SendError::Http2(StreamError::Stale(_)) => true,
            SendError::Http2(StreamError::Stream(error)) => error.is_go_away() && error.is_remote(),
            _ => false,
        }
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
        matches!(
            self,
            SendError::Http1(ExchangeError::Request(_))
                | SendError::Http2(StreamError::Request(_) | StreamError::Unsupported)
        )
    }

    /// What the client let too much time pass with.
    fn slow_client(&self) -> Option<(ErrorKind, &BodyError)> {
        let error = match self {
            SendError::Http1(ExchangeError::Request(SendingError::Body(error))) => error,
            SendError::Http2(StreamError::Request(error)) => error,
            _ => return None,
        };
        match error {
            BodyError::Idle => Some((ErrorKind::Idle, error)),
            BodyError::Sender(SenderError::Stalled) => Some((ErrorKind::ClientStalled, error)),
            _ => None,
        }
    }

    /// The class of the failure.
    pub(crate) fn kind(&self) -> ErrorKind {
        if let Some((kind, _)) = self.slow_client() {
            return kind;
        }
        match (self, self.meaning()) {
            (SendError::Connect(error), _) if error.timed_out => ErrorKind::ConnectTimeout,
            (SendError::Http2(StreamError::Unsupported), _) => ErrorKind::Unsupported,
            (_, Meaning::Untouched) => ErrorKind::Connect,
            (_, Meaning::Lost) => ErrorKind::Unanswered,
            (_, Meaning::Failed) => ErrorKind::Failed,
        }
    }

    /// The class of the failure, as finely as responses are counted.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            SendError::Http1(ExchangeError::Request(SendingError::Body(error)))
            | SendError::Http2(StreamError::Request(error)) => error.class(),
            SendError::Http2(StreamError::Unsent(error) | StreamError::Stale(error) | StreamError::Stream(error)) => {
                class_of_http2(error)
            }
            _ => self.kind().label(),
        }
    }

    /// What the client is told.
    pub(crate) fn to_error(&self, peer: &Peer) -> ProxyError {
        if let Some((kind, error)) = self.slow_client() {
            return ProxyError::new(kind, error.to_string());
        }
        let message = match (self, self.meaning()) {
            (SendError::Connect(error), _) => error.message.to_string(),
            (_, Meaning::Untouched) => format!("{peer} did not take the request: {self}"),
            (_, Meaning::Lost) => format!("{peer} closed the connection before it answered ({self})"),
            (_, Meaning::Failed) => format!("{peer} failed: {self}"),
        };
        ProxyError { reset: self.reset(), class: self.class(), ..ProxyError::new(self.kind(), message) }
    }
}
