//! What can go wrong between sending a request and the head of its answer, and what that means for another try.

use std::io;

use http::Request;
use hyper::client::conn::TrySendError;

use crate::connect::{ConnectError, Peer};
use crate::http::body::Body;
use crate::http::error::{ErrorKind, ProxyError};

/// A request without an answer.
pub(crate) enum SendError {
    /// No connection; nothing was sent.
    Connect(ConnectError),
    /// The connection closed before the request was sent; here it is again.
    Unsent(Box<Request<Body>>),
    /// The peer says that it did not process the request (REFUSED_STREAM, or above GOAWAY's last stream).
    Refused,
    /// The connection was lost after the request was sent.
    Lost(hyper::Error),
    /// Something else, such as a body that failed.
    Failed(hyper::Error),
}

impl SendError {
    /// Sorts hyper's error by what it means for another try.
    pub(crate) fn from_hyper(mut error: TrySendError<Request<Body>>) -> Self {
        if let Some(request) = error.take_message() {
            return SendError::Unsent(Box::new(request));
        }
        let error = error.into_error();
        match reason_of(&error) {
            Some(Reason::Refused) => SendError::Refused,
            Some(Reason::Lost) => SendError::Lost(error),
            None => SendError::Failed(error),
        }
    }
}

impl SendError {
    /// Whether the peer certainly did nothing with the request, so that any request may be sent again.
    pub(crate) fn is_untouched(&self) -> bool {
        matches!(self, SendError::Connect(_) | SendError::Unsent(_) | SendError::Refused)
    }

    /// The class of the failure.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            SendError::Connect(error) if error.timed_out => ErrorKind::ConnectTimeout,
            SendError::Connect(_) | SendError::Unsent(_) | SendError::Refused => ErrorKind::Connect,
            SendError::Lost(_) => ErrorKind::Unanswered,
            SendError::Failed(_) => ErrorKind::Failed,
        }
    }

    /// What the client is told.
    pub(crate) fn into_error(self, peer: &Peer) -> ProxyError {
        let message = match &self {
            SendError::Connect(error) => error.message.to_string(),
            SendError::Unsent(_) => format!("{peer} closed the connection at once"),
            SendError::Refused => format!("{peer} refused the request"),
            SendError::Lost(error) => format!("{peer} closed the connection before it answered ({})", causes(error)),
            SendError::Failed(error) => format!("{peer} failed: {}", causes(error)),
        };
        ProxyError::new(self.kind(), message)
    }
}

/// An error with what is behind it, which hyper's own text leaves out.
fn causes(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

enum Reason {
    Refused,
    Lost,
}

fn reason_of(error: &hyper::Error) -> Option<Reason> {
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Some(Reason::Lost);
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(h2) = cause.downcast_ref::<h2::Error>() {
            // GOAWAY fails exactly the streams that the peer did not take up (RFC 9113, 6.8).
            if h2.reason() == Some(h2::Reason::REFUSED_STREAM) || (h2.is_go_away() && h2.is_remote()) {
                return Some(Reason::Refused);
            }
            if h2.is_io() {
                return Some(Reason::Lost);
            }
        }
        if let Some(io) = cause.downcast_ref::<io::Error>()
            && is_lost(io.kind())
        {
            return Some(Reason::Lost);
        }
        source = cause.source();
    }
    None
}

fn is_lost(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected
            | io::ErrorKind::TimedOut
            | io::ErrorKind::UnexpectedEof
    )
}
