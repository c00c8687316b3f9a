//! Tries of a request that led to no answer, and what that means for another one.

use std::rc::Rc;
use std::time::Duration;

use hauberk_core::classify;
use hauberk_core::outbound::Retry;
use http::{Method, Response, StatusCode};

use crate::candidate::{Candidate, Load};
use crate::http::client::SendError;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::{self, UNANSWERED};
use crate::http::incoming::Incoming;
use crate::http::limit::Limit;
use crate::http::observe::Head;
use crate::outbound::http::Exchange;
use crate::outbound::limits::Limits;
use crate::outbound::rule::Leaf;
use crate::outbound::trial::Trial;

/// An endpoint's answer.
pub(super) struct Answered {
    pub(super) candidate: Rc<Candidate>,
    pub(super) response: Response<Incoming>,
    pub(super) load: Load,
    pub(super) trial: Option<Trial>,
    pub(super) limits: Limits,
}

/// Why there is no answer that can be passed on.
pub(super) enum Failure {
    /// The request got no answer.
    Send(SendError, Rc<Candidate>),
    /// The answer says that another try may do better.
    Retryable(Box<Answered>),
    /// No head of an answer within the time of one try.
    TryTimeout(Duration),
    /// No endpoint was asked.
    Proxy(ProxyError),
}

impl Failure {
    /// Whether the request certainly did nothing, or may be repeated although it may have done something.
    pub(super) fn is_harmless(&self, method: &Method) -> bool {
        let idempotent = headers::is_idempotent(method);
        match self {
            Failure::Send(error, _) => error.is_untouched() || (idempotent && error.is_lost()),
            Failure::Retryable(answered) => idempotent && is_unanswered(&answered.response),
            Failure::TryTimeout(_) | Failure::Proxy(_) => false,
        }
    }

    /// Whether the server's goodbye left the request out.
    pub(super) fn is_left_out(&self) -> bool {
        matches!(self, Failure::Send(error, _) if error.is_left_out())
    }

    /// Whether policy's retries are meant for it. A request that may have been processed is sent again only where policy
    /// names what the program would be told of it.
    pub(super) fn is_for_policy(&self, retry: &Retry, grpc: bool) -> bool {
        match self {
            Failure::Send(error, _) => {
                let status = error.kind().status();
                let code = grpc.then(|| classify::grpc_code_of(status));
                error.is_untouched() || is_retried(retry, status, code)
            }
            Failure::Retryable(_) | Failure::TryTimeout(_) => true,
            Failure::Proxy(error) => error.kind == ErrorKind::FailFast,
        }
    }

    /// What remains when there is no further try.
    pub(super) fn into_result(self) -> Result<Answered, ProxyError> {
        match self {
            Failure::Retryable(answered) => Ok(*answered),
            Failure::Send(error, candidate) => Err(error.to_error(candidate.peer())),
            Failure::TryTimeout(limit) => {
                Err(ProxyError::late(Limit::Try, format!("no answer within {limit:?} of the last try")))
            }
            Failure::Proxy(error) => Err(error),
        }
    }
}

impl Answered {
    /// Drops an answer in favour of another try.
    pub(super) fn discard(self, exchange: &Exchange, leaf: &Leaf) {
        let head = Head::of(&self.response, exchange.grpc);
        head.record(self.candidate.edge(), &leaf.way(), exchange.started, None, None);
    }
}

/// Whether policy wants another try after such an answer.
pub(super) fn is_retried(retry: &Retry, status: StatusCode, grpc_code: Option<u16>) -> bool {
    retry.statuses.iter().any(|(first, last)| (*first..=*last).contains(&status.as_u16()))
        || grpc_code.is_some_and(|code| retry.grpc_codes.contains(&code))
}

/// The peer's proxy says that its program closed the connection before it answered.
pub(super) fn is_unanswered<B>(response: &Response<B>) -> bool {
    response.status() == StatusCode::BAD_GATEWAY && response.headers().contains_key(UNANSWERED)
}
