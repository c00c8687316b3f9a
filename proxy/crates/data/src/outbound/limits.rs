//! The limits of time of one request.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hauberk_core::route::Timeouts;
use http::HeaderMap;
use http_body::Body as _;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::http::body::{Body, Observer};
use crate::http::body_error::BodyError;
use crate::http::error::ProxyError;
use crate::http::limit::Limit;

/// When a request must be over. Costs nothing where policy sets no limit.
#[derive(Clone)]
pub(super) struct Limits {
    /// Of the whole request.
    deadline: Option<Instant>,
    /// From the end of the request, as its last try sent it, to the end of its response.
    response: Option<(Duration, Rc<RequestEnd>)>,
    /// Without a frame of the request or of its response, while one of their bodies is waited for.
    idle: Option<(Duration, Rc<Cell<Instant>>)>,
}

/// Learns when the request has been sent.
#[derive(Default)]
pub(super) struct RequestEnd {
    at: Cell<Option<Instant>>,
    reached: Notify,
}

impl Limits {
    /// The limits of a request that began at `started`.
    pub(super) fn new(timeouts: &Timeouts, started: Instant) -> Self {
        Self {
            deadline: timeouts.request.map(|limit| started + limit),
            response: timeouts.response.map(|limit| (limit, Rc::default())),
            idle: timeouts.idle.map(|limit| (limit, Rc::new(Cell::new(started)))),
        }
    }

    /// Whether policy sets no limit for the head of the answer.
    pub(super) fn are_none(&self) -> bool {
        self.deadline.is_none() && self.response.is_none()
    }

    /// The body of a try, so that its end is noticed.
    pub(super) fn watch(&self, body: Body) -> Body {
        let body = self.idle(body);
        match &self.response {
            Some((_, end)) => {
                end.at.set(None); // that was another try's
                body.observed(Box::new(Watcher(end.clone())))
            }
            None => body,
        }
    }

    /// The body of the response, as long as it may last.
    pub(super) fn bound(&self, body: Body) -> Body {
        let body = self.idle(body);
        match self.end() {
            Some((end, limit)) => body.until(end, limit),
            None => body,
        }
    }

    fn idle(&self, body: Body) -> Body {
        match &self.idle {
            Some((limit, latest)) if !body.is_end_stream() => body.idle(*limit, latest.clone()),
            _ => body,
        }
    }

    /// `work`, unless it takes too long.
    pub(super) async fn apply<T>(&self, work: impl Future<Output = Result<T, ProxyError>>) -> Result<T, ProxyError> {
        tokio::select! {
            result = work => result,
            limit = self.passed() => Err(ProxyError::late(limit, "no answer within the time that policy gives")),
        }
    }

    /// The latest moment for the end of the response, as far as it is known, and what sets it.
    pub(super) fn end(&self) -> Option<(Instant, Limit)> {
        let whole = self.deadline.map(|end| (end, Limit::Request));
        let response = self.response.as_ref().and_then(|(limit, end)| Some((end.at.get()? + *limit, Limit::Response)));
        whole.into_iter().chain(response).min_by_key(|(end, _)| *end)
    }

    /// The first limit that passes.
    async fn passed(&self) -> Limit {
        let whole = async {
            match self.deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        let response = async {
            match &self.response {
                Some((limit, end)) => end.passed(*limit).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased; // as `end` has it, where both pass at once
            () = whole => Limit::Request,
            () = response => Limit::Response,
        }
    }
}

impl RequestEnd {
    async fn wait(&self) -> Instant {
        loop {
            if let Some(at) = self.at.get() {
                return at;
            }
            self.reached.notified().await;
        }
    }

    /// Returns `limit` after the end of the request, as its last try sent it.
    async fn passed(&self, limit: Duration) {
        loop {
            let at = self.wait().await;
            sleep_until(at + limit).await;
            if self.at.get() == Some(at) {
                return;
            }
        }
    }

    fn note(&self) {
        self.at.set(Some(Instant::now()));
        self.reached.notify_one();
    }
}

struct Watcher(Rc<RequestEnd>);

impl Observer for Watcher {
    fn complete(self: Box<Self>, _trailers: Option<&HeaderMap>) {
        self.0.note();
    }

    fn failed(self: Box<Self>, _error: &BodyError) {}

    fn abandoned(self: Box<Self>) {}
}
