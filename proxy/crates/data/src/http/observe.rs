//! Follows a response to its end: latency, classification, and what was held for it.

use std::rc::Rc;
use std::time::Duration;

use hauberk_core::breaker;
use hauberk_core::budget::Share;
use hauberk_core::classify::{self, Class};
use hauberk_core::penalty::Penalty;
use hauberk_metrics::edge::EdgeMetrics;
use hauberk_metrics::route::{BackendMetrics, RouteMetrics};
use http::{HeaderMap, Response, StatusCode};
use tokio::time::Instant;

use crate::candidate::Load;
use crate::http::body::Observer;
use crate::http::body_error::BodyError;
use crate::outbound::trial::Trial;

/// What an answer turned out to be, before its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    status: StatusCode,
    grpc: bool,
    grpc_status: Option<u16>,
}

impl Head {
    /// Reads the head of a response to a request that was gRPC or not.
    pub(crate) fn of<B>(response: &Response<B>, grpc: bool) -> Self {
        let grpc_status = if grpc { grpc_status(response.headers()) } else { None };
        Self { status: response.status(), grpc, grpc_status }
    }

    /// The code of a gRPC response that has no body (trailers-only).
    pub(crate) fn grpc_status(&self) -> Option<u16> {
        self.grpc_status
    }

    /// Whether the head alone says that this is a failure.
    pub(crate) fn is_failure(&self) -> bool {
        let class = match (self.grpc, self.grpc_status) {
            (true, Some(code)) => classify::grpc(self.status, Some(code)),
            _ => classify::http(self.status),
        };
        class == Class::Failure
    }

    /// The latency that the answer counts as in the choice among endpoints, if it is a failure.
    pub(crate) fn cost(&self, penalty: &Penalty, headers: &HeaderMap) -> Option<Duration> {
        penalty.of(self.status, self.grpc_status, || breaker::retry_after(headers))
    }

    /// What the circuit breaker of the endpoint is told by now; what it must wait for is returned.
    pub(crate) fn judge(&self, trial: Trial) -> Option<Trial> {
        if self.grpc && self.grpc_status.is_none() && self.status.is_success() {
            return Some(trial);
        }
        trial.answered(self.status, self.grpc_status);
        None
    }

    /// Counts the response, which is over; `trailers` are its own, `error` is the class of a failure.
    pub(crate) fn record(
        &self,
        edge: &EdgeMetrics,
        way: &Way,
        started: Instant,
        trailers: Option<&HeaderMap>,
        error: Option<&'static str>,
    ) {
        let grpc_status = trailers.and_then(grpc_status).or(self.grpc_status);
        let class = match error {
            Some(_) => Class::Failure,
            None if self.grpc => classify::grpc(self.status, grpc_status),
            None => classify::http(self.status),
        };
        let success = class == Class::Success;
        let (status, error, took) = (self.status.as_u16(), error.unwrap_or_default(), started.elapsed());
        edge.response(status, grpc_status, success, error, took);
        way.ended(status, grpc_status, error, took);
    }
}

/// The route and the backend that a request of the program took, as far as policy names them.
#[derive(Clone, Default)]
pub(crate) struct Way {
    /// `None` for a try that is not the last one.
    pub(crate) route: Option<Rc<RouteMetrics>>,
    pub(crate) backend: Option<Rc<BackendMetrics>>,
}

impl Way {
    /// A request, or a try of it, ended like this.
    pub(crate) fn ended(&self, status: u16, grpc_status: Option<u16>, error: &'static str, took: Duration) {
        self.route.iter().for_each(|route| route.ended(status, grpc_status, error, took));
        self.backend.iter().for_each(|backend| backend.ended(status, grpc_status, error, took));
    }
}

/// Reports a response to the metrics of its edge when it is over.
pub(crate) struct ResponseObserver {
    pub(crate) edge: Rc<EdgeMetrics>,
    pub(crate) way: Way,
    pub(crate) started: Instant,
    pub(crate) head: Head,
    /// The endpoint's load while the response lasts.
    #[expect(dead_code, reason = "held until the response is over")]
    pub(crate) load: Option<Load>,
    /// What the circuit breaker of the endpoint waits for: the end of a call that only its trailers judge.
    pub(crate) trial: Option<Trial>,
    /// The request's place among those in flight.
    #[expect(dead_code, reason = "held until the response is over")]
    pub(crate) place: Option<Share>,
    /// The class of a failure that the proxy itself answered.
    pub(crate) error: &'static str,
}

impl ResponseObserver {
    /// What the proxy itself answers has failed already, however the sending of its answer ends.
    fn record(&self, trailers: Option<&HeaderMap>, error: Option<&'static str>) {
        let own = (!self.error.is_empty()).then_some(self.error);
        self.head.record(&self.edge, &self.way, self.started, trailers, own.or(error));
    }
}

impl Observer for ResponseObserver {
    fn frame(&self, bytes: usize) {
        self.edge.response_frame(bytes);
        self.way.backend.iter().for_each(|backend| backend.response_frame(bytes));
    }

    fn complete(mut self: Box<Self>, trailers: Option<&HeaderMap>) {
        self.record(trailers, None);
        if let Some(trial) = self.trial.take() {
            trial.answered(self.head.status, trailers.and_then(grpc_status).or(self.head.grpc_status));
        }
    }

    fn failed(mut self: Box<Self>, error: &BodyError) {
        if let Some(trial) = self.trial.take() {
            trial.failed();
        }
        self.record(None, Some(error.class()));
    }

    fn abandoned(self: Box<Self>) {
        self.record(None, Some("canceled"));
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}
