//! A limit of time that policy sets, and the end of a body by it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

/// What a limit is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The whole request, from its start to the end of its response.
    Request,
    /// From the end of the request, as its last try sent it, to the end of its response.
    Response,
    /// One try, up to the head of its answer.
    Try,
}

impl Limit {
    /// The class of the failure that its end is. The words for a response and for a try are linkerd2-proxy's, where a try's limit
    /// is the only one of the head alone.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Limit::Request => "response timeout",
            Limit::Response => "response stream timeout",
            Limit::Try => "response headers timeout",
        }
    }
}

/// When a body must be over, and by which limit.
pub(super) struct Deadline {
    limit: Limit,
    timer: Pin<Box<Sleep>>,
}

impl Deadline {
    /// At `at`, by `limit`.
    pub(super) fn new(at: Instant, limit: Limit) -> Self {
        Self { limit, timer: Box::pin(sleep_until(at)) }
    }

    /// Ready, with the limit, once it has passed.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Limit> {
        ready!(self.timer.as_mut().poll(cx));
        Poll::Ready(self.limit)
    }
}
