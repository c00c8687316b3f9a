//! One rule of a route, made ready for requests.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::balance::weighted;
use hauberk_core::meta::Meta;
use hauberk_core::outbound::{BackendKind, Breaker, Distribution, GrpcAction, HttpAction, Retry};
use hauberk_core::route::{HttpMatch, Rule as Matched, Timeouts};
use hauberk_metrics::balancer::Carries;
use hauberk_metrics::route::{BackendMetrics, Retried, RouteMetrics};
use hauberk_metrics::statuses::RouteKind;
use http::StatusCode;

use crate::balance::Balancer;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::filter;
use crate::http::observe::Way;
use crate::outbound::filter::Filter;
use crate::outbound::http::Exchange;
use crate::outbound::labels;
use crate::outbound::stack::Backends;

/// What is done with the requests of one rule.
pub(super) struct Rule {
    /// In order.
    pub(super) filters: Vec<Filter>,
    /// Limits of time.
    pub(super) timeouts: Timeouts,
    /// When and how often to try again.
    pub(super) retry: Option<Retry>,
    /// Programs may ask for other retries and times by headers.
    pub(super) overridable: bool,
    /// Path prefixes that lead to this rule, for redirects that replace them.
    pub(super) prefixes: Vec<Arc<str>>,
    /// Counts its requests; `None` where there is no route.
    pub(super) metrics: Option<Rc<RouteMetrics>>,
    /// With their weights.
    leaves: Vec<(Rc<Leaf>, u32)>,
}

/// The route that a rule belongs to, and the policy that this is part of.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) kind: RouteKind,
    pub(super) parent: &'a Meta,
    pub(super) route: &'a Meta,
}

/// A backend of a rule.
pub(super) struct Leaf {
    /// `None`: the control plane named no kind.
    balancer: Option<Rc<Balancer>>,
    /// In order, after the rule's own.
    pub(super) filters: Vec<Filter>,
    /// How long a request waits for discovery.
    pub(super) failfast: Duration,
    /// When an endpoint is left alone for a while.
    pub(super) breaker: Option<Rc<Breaker>>,
    /// Counts the requests that go there by the rule; `None` where there is no route.
    pub(super) metrics: Option<Rc<BackendMetrics>>,
    /// Requests, or connections of which kind.
    pub(super) carries: Carries,
    name: Arc<str>,
}

impl Rule {
    /// A rule of an HTTP route.
    pub(super) fn http(backends: &Backends<'_>, of: Of<'_>, rule: &Matched<HttpMatch, HttpAction>) -> Self {
        let action = &rule.then;
        Self {
            filters: action.filters.iter().map(Filter::from).collect(),
            timeouts: action.timeouts,
            retry: action.retry.clone(),
            overridable: action.allow_l5d_request_headers,
            prefixes: filter::prefixes(&rule.matches).cloned().collect(),
            ..Self::routed(backends, of, &action.backends)
        }
    }

    /// A rule of a gRPC route.
    pub(super) fn grpc(backends: &Backends<'_>, of: Of<'_>, action: &GrpcAction) -> Self {
        Self {
            filters: action.filters.iter().map(Filter::from).collect(),
            timeouts: action.timeouts,
            retry: action.retry.clone(),
            overridable: action.allow_l5d_request_headers,
            ..Self::routed(backends, of, &action.backends)
        }
    }

    /// A rule for bytes.
    pub(super) fn plain<F>(backends: &Backends<'_>, to: &Distribution<F>) -> Self
    where
        for<'a> Filter: From<&'a F>,
    {
        Self::forward(backends, None, to)
    }

    /// A rule for requests.
    fn routed<F>(backends: &Backends<'_>, of: Of<'_>, to: &Distribution<F>) -> Self
    where
        for<'a> Filter: From<&'a F>,
    {
        let metrics = Some(Rc::new(labels::route(backends.metrics(), of)));
        Self { metrics, ..Self::forward(backends, Some(of), to) }
    }

    fn forward<F>(backends: &Backends<'_>, of: Option<Of<'_>>, to: &Distribution<F>) -> Self
    where
        for<'a> Filter: From<&'a F>,
    {
        let leaf = |backend: &hauberk_core::outbound::RouteBackend<F>| {
            let filters = backend.filters.iter().map(Filter::from).collect();
            let metrics = of.map(|of| Rc::new(labels::backend(backends.metrics(), of, &backend.backend.meta)));
            Rc::new(Leaf { filters, metrics, ..Leaf::of(backends, &backend.backend) })
        };
        let leaves = match to {
            Distribution::Empty => Vec::new(),
            Distribution::First(backend) => vec![(leaf(backend), 1)],
            Distribution::Weighted(all) => all.iter().map(|(backend, weight)| (leaf(backend), *weight)).collect(),
        };
        Self { leaves, ..Self::empty() }
    }

    /// A rule with the one backend `balancer`.
    pub(super) fn to(balancer: Rc<Balancer>) -> Self {
        let name = balancer.name().clone();
        let (balancer, filters) = (Some(balancer), Vec::new());
        let (failfast, carries) = (Duration::ZERO, Carries::Tcp);
        let leaf = Leaf { balancer, filters, failfast, breaker: None, metrics: None, carries, name };
        Self { leaves: vec![(Rc::new(leaf), 1)], ..Self::empty() }
    }

    fn empty() -> Self {
        Self {
            filters: Vec::new(),
            timeouts: Timeouts::default(),
            retry: None,
            overridable: false,
            prefixes: Vec::new(),
            metrics: None,
            leaves: Vec::new(),
        }
    }

    /// The backend of the next request or connection.
    pub(super) fn leaf(&self, random: u64) -> Result<&Rc<Leaf>, ProxyError> {
        match weighted(self.leaves.iter().map(|(_, weight)| weight), random) {
            Some(place) => Ok(&self.leaves[place].0),
            None => Err(ProxyError::new(ErrorKind::InvalidPolicy, "the route has no backend")),
        }
    }
}

impl Rule {
    /// Where what becomes of a request to `leaf` is counted.
    pub(super) fn way(&self, leaf: &Leaf) -> Way {
        Way { route: self.metrics.clone(), backend: leaf.metrics.clone() }
    }

    /// Where what requests consist of is counted.
    pub(super) fn counted(&self) -> Option<&Rc<RouteMetrics>> {
        self.metrics.as_ref()
    }

    /// A request was answered by this proxy itself.
    pub(super) fn failed(&self, error: &ProxyError, exchange: &Exchange) {
        let (kind, class, took) = (error.kind, error.class, exchange.started.elapsed());
        let ended = |metrics: &Rc<RouteMetrics>| {
            metrics.ended(kind.status().as_u16(), kind.grpc_code(exchange.grpc), class, took);
        };
        self.metrics.iter().for_each(ended);
    }

    /// Another try was wanted.
    pub(super) fn retried(&self, what: Retried) {
        self.metrics.iter().for_each(|metrics| metrics.retried(what));
    }
}

impl Leaf {
    fn of(backends: &Backends<'_>, backend: &hauberk_core::outbound::Backend) -> Self {
        let balancer = match &backend.kind {
            BackendKind::Forward(endpoint) => Some(backends.fixed(endpoint)),
            BackendKind::Balance { path, weighing } => Some(backends.service(path, *weighing)),
            BackendKind::Invalid => None,
        };
        let name = Arc::from(backend.meta.name());
        let (breaker, carries) = (backends.breaker.clone(), backends.carries);
        balancer.iter().for_each(|balancer| balancer.carries(carries, backend.failfast));
        Self { balancer, filters: Vec::new(), failfast: backend.failfast, breaker, metrics: None, carries, name }
    }

    /// Where a try that is not the last one is counted.
    pub(super) fn way(&self) -> Way {
        Way { route: None, backend: self.metrics.clone() }
    }

    /// What chooses the endpoint.
    pub(super) fn balancer(&self) -> Result<&Rc<Balancer>, ProxyError> {
        let invalid = || ProxyError::new(ErrorKind::Injected(StatusCode::BAD_GATEWAY), self.unusable());
        self.balancer.as_ref().ok_or_else(invalid)
    }

    fn unusable(&self) -> String {
        format!("the policy names no usable kind for the backend {}", self.name)
    }
}

/// Routes for bytes have no filters.
impl From<&Infallible> for Filter {
    fn from(never: &Infallible) -> Self {
        match *never {}
    }
}
