//! How traffic to one destination is routed, balanced and protected.

use std::sync::Arc;
use std::time::Duration;

use crate::balance::Weighing;
use crate::endpoint::Endpoint;
use crate::meta::Meta;
use crate::route::{GrpcFilter, GrpcMatch, HttpFilter, HttpMatch, Route, Timeouts};
use crate::version::Version;

/// What the control plane says of one destination address.
#[derive(Clone, Debug)]
pub enum Target {
    /// A policy, most often of a service.
    Policy(Arc<OutboundPolicy>),
    /// One workload, addressed directly.
    Endpoint {
        /// The workload; its `addr` is the destination's.
        endpoint: Arc<Endpoint>,
        /// Do not look at the bytes.
        opaque: bool,
    },
    /// Nothing is known: pass through to the original destination.
    Unknown,
    /// The control plane refuses the destination; connections are closed.
    Refused(Arc<str>),
}

/// The policy of one destination.
#[derive(Clone, Debug)]
pub struct OutboundPolicy {
    /// The destination: a Service and port, or a default.
    pub parent: Arc<Meta>,
    /// How bytes are read and where they go.
    pub protocol: Protocol,
    /// The state of the mesh that this shows, where the control plane says so.
    pub version: Option<Version>,
}

/// How the bytes of a connection are read, with the routes for each reading.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// Look at the first bytes.
    Detect {
        /// How long to wait for them.
        timeout: Duration,
        /// If they are HTTP/1.
        http1: HttpRoutes,
        /// If they are HTTP/2.
        http2: HttpRoutes,
        /// If they are neither.
        opaque: OpaqueRoutes,
    },
    /// HTTP/1 without looking.
    Http1(HttpRoutes),
    /// HTTP/2 without looking.
    Http2(HttpRoutes),
    /// gRPC over HTTP/2 without looking.
    Grpc(GrpcRoutes),
    /// Never look.
    Opaque(OpaqueRoutes),
    /// TLS of the program itself; only its server name is read.
    Tls(TlsRoutes),
}

/// HTTP routes and the circuit breaker of their backends.
#[derive(Clone, Debug, Default)]
pub struct HttpRoutes {
    /// In order.
    pub routes: Arc<[Route<HttpMatch, HttpAction>]>,
    /// None: never ejected.
    pub breaker: Option<Breaker>,
}

/// gRPC routes and the circuit breaker of their backends.
#[derive(Clone, Debug, Default)]
pub struct GrpcRoutes {
    /// In order.
    pub routes: Arc<[Route<GrpcMatch, GrpcAction>]>,
    /// None: never ejected.
    pub breaker: Option<Breaker>,
}

/// Routes for bytes; the first one counts.
#[derive(Clone, Debug, Default)]
pub struct OpaqueRoutes {
    /// In order.
    pub routes: Arc<[OpaqueRoute]>,
}

/// Routes for TLS by server name.
#[derive(Clone, Debug, Default)]
pub struct TlsRoutes {
    /// In order; an empty list of names matches every name.
    pub routes: Arc<[(Vec<crate::route::HostMatch>, OpaqueRoute)]>,
}

/// What a rule of an HTTP route does.
#[derive(Clone, Debug)]
pub struct HttpAction {
    /// In order.
    pub filters: Vec<HttpFilter>,
    /// Where requests go.
    pub backends: Distribution<HttpFilter>,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// When and how often to try again.
    pub retry: Option<Retry>,
    /// Whether `l5d-retry-*` and `l5d-timeout` headers of the program are honoured.
    pub allow_l5d_request_headers: bool,
}

/// What a rule of a gRPC route does.
#[derive(Clone, Debug)]
pub struct GrpcAction {
    /// In order.
    pub filters: Vec<GrpcFilter>,
    /// Where calls go.
    pub backends: Distribution<GrpcFilter>,
    /// Limits of time.
    pub timeouts: Timeouts,
    /// When and how often to try again.
    pub retry: Option<Retry>,
    /// Whether `l5d-retry-*` and `l5d-timeout` headers of the program are honoured.
    pub allow_l5d_request_headers: bool,
}

/// A route for bytes.
#[derive(Clone, Debug)]
pub struct OpaqueRoute {
    /// Where the route comes from.
    pub meta: Arc<Meta>,
    /// Where bytes go, or why not.
    pub action: Result<Distribution<std::convert::Infallible>, OpaqueRefusal>,
}

/// Why an opaque route lets nothing through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpaqueRefusal {
    /// Forbidden by policy (such as a port that the service does not declare).
    Forbidden,
    /// The configuration is wrong; with the reason.
    Invalid(Arc<str>),
}

/// How a backend is chosen.
#[derive(Clone, Debug)]
pub enum Distribution<F> {
    /// No backend: requests fail.
    Empty,
    /// The first.
    First(Arc<RouteBackend<F>>),
    /// By weight; at least one weight is above 0 (`control` sees to it).
    Weighted(Arc<[(Arc<RouteBackend<F>>, u32)]>),
}

/// A backend with what is done on the way to it.
#[derive(Clone, Debug)]
pub struct RouteBackend<F> {
    /// Where to.
    pub backend: Backend,
    /// In order, after the rule's own.
    pub filters: Vec<F>,
}

/// Somewhere to send traffic.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Where the backend comes from.
    pub meta: Arc<Meta>,
    /// How endpoints are found.
    pub kind: BackendKind,
    /// How long a request waits for a ready endpoint before it fails; the contract's fail-fast.
    pub failfast: Duration,
}

/// How endpoints are found.
#[derive(Clone, Debug)]
pub enum BackendKind {
    /// One fixed endpoint.
    Forward(Arc<Endpoint>),
    /// The endpoints of a service, balanced.
    Balance {
        /// `name:port`, the key of discovery.
        path: Arc<str>,
        /// How they are weighed against each other.
        weighing: Weighing,
    },
    /// The control plane named no kind: requests fail with the filters' answer, or 502.
    Invalid,
}

/// When and how often a request is tried again.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Tries after the first.
    pub max_retries: u16,
    /// Bodies above this are not kept, so not tried again.
    pub max_request_bytes: usize,
    /// HTTP status ranges, both ends included.
    pub statuses: Vec<(u16, u16)>,
    /// gRPC codes.
    pub grpc_codes: Vec<u16>,
    /// For the response headers of each try.
    pub timeout: Option<Duration>,
    /// Between tries.
    pub backoff: Backoff,
}

/// Growing pauses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// First pause.
    pub min: Duration,
    /// Longest pause.
    pub max: Duration,
    /// How much of a pause is added to it at random at most: 0 is nothing, 1 as much as the pause itself; up to 100.
    pub jitter: f32,
}

impl Backoff {
    /// The pause before try number `attempt`, from 0 on: each is twice the last one, up to the longest, and a share of it is
    /// added. `random` is uniform over all values.
    pub fn pause(&self, attempt: u32, random: u64) -> Duration {
        let doubled = self.min.saturating_mul(1u32.checked_shl(attempt).unwrap_or(u32::MAX));
        let pause = doubled.clamp(self.min, self.max.max(self.min));
        let share = f64::from(self.jitter.clamp(0.0, 100.0)) * (random as f64 / u64::MAX as f64);
        pause.saturating_add(Duration::try_from_secs_f64(pause.as_secs_f64() * share).unwrap_or_default())
    }
}

/// When an endpoint is left alone for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    /// Failures in a row; 0 never trips.
    pub max_consecutive_failures: u32,
    /// Success rate below which it trips, over `window`, from `min_requests` on.
    pub success_rate: Option<SuccessRate>,
    /// Time until a single probe request is let through.
    pub backoff: Backoff,
    /// An endpoint that says how long it wants to be left alone is left alone for no less.
    pub respect_retry_after: bool,
    /// Endpoints that are never left alone together: while no more than this are ready, none is taken out.
    pub min_ready: u32,
}

/// The success-rate part of a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SuccessRate {
    /// 0 to 1.
    pub threshold: f64,
    /// Over which time.
    pub window: Duration,
    /// Below this many requests the rate means nothing.
    pub min_requests: u32,
}
