//! Follows a response to its end: latency, classification, and what was held for it.

use std::rc::Rc;

use hauberk_core::classify::{self, Class};
use hauberk_metrics::edge::EdgeMetrics;
use http::{HeaderMap, Response, StatusCode};
use tokio::time::Instant;

use crate::candidate::Load;
use crate::http::body::{BodyError, Observer};

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

    /// Counts the response, which is over; `trailers` are its own, `error` is the class of a failure.
    pub(crate) fn record(
        &self,
        edge: &EdgeMetrics,
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
        edge.response(self.status.as_u16(), grpc_status, success, error.unwrap_or_default(), started.elapsed());
    }
}

/// Reports a response to the metrics of its edge when it is over.
pub(crate) struct ResponseObserver {
    pub(crate) edge: Rc<EdgeMetrics>,
    pub(crate) started: Instant,
    pub(crate) head: Head,
    /// The endpoint's load while the response lasts.
    #[expect(dead_code, reason = "held until the response is over")]
    pub(crate) load: Option<Load>,
    /// The class of a failure that the proxy itself answered.
    pub(crate) error: &'static str,
}

impl ResponseObserver {
    fn record(&self, trailers: Option<&HeaderMap>, error: Option<&'static str>) {
        let own = (!self.error.is_empty()).then_some(self.error);
        self.head.record(&self.edge, self.started, trailers, error.or(own));
    }
}

impl Observer for ResponseObserver {
    fn complete(self: Box<Self>, trailers: Option<&HeaderMap>) {
        self.record(trailers, None);
    }

    fn failed(self: Box<Self>, error: &BodyError) {
        let late = matches!(error, BodyError::Late);
        self.record(None, Some(if late { "response timeout" } else { "i/o" }));
    }

    fn abandoned(self: Box<Self>) {
        self.record(None, Some("canceled"));
    }
}

fn grpc_status(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}
