//! One rule of a route, made ready for requests.

use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::balance::weighted;
use hauberk_core::outbound::{BackendKind, Distribution, GrpcAction, HttpAction, Retry};
use hauberk_core::route::{HttpMatch, PathMatch, Rule as Matched, Timeouts};
use http::StatusCode;

use crate::balance::Balancer;
use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::filter::Filter;
use crate::outbound::stack::Backends;

/// What is done with the requests of one rule.
pub(super) struct Rule {
    /// In order.
    pub(super) filters: Vec<Filter>,
    /// Limits of time.
    pub(super) timeouts: Timeouts,
    /// When and how often to try again.
    pub(super) retry: Option<Retry>,
    /// Path prefixes that lead to this rule, for redirects that replace them.
    pub(super) prefixes: Vec<Arc<str>>,
    /// With their weights.
    leaves: Vec<(Rc<Leaf>, u32)>,
}

/// A backend of a rule.
pub(super) struct Leaf {
    /// `None`: the control plane named no kind.
    balancer: Option<Rc<Balancer>>,
    /// In order, after the rule's own.
    pub(super) filters: Vec<Filter>,
    /// How long a request waits for discovery.
    pub(super) failfast: Duration,
    name: Arc<str>,
}

impl Rule {
    /// A rule of an HTTP route.
    pub(super) fn http(backends: &Backends<'_>, rule: &Matched<HttpMatch, HttpAction>) -> Self {
        let action = &rule.then;
        let prefixes = rule.matches.iter().filter_map(|m| match &m.path {
            Some(PathMatch::Prefix(prefix)) => Some(prefix.clone()),
            _ => None,
        });
        Self {
            filters: action.filters.iter().map(Filter::from).collect(),
            timeouts: action.timeouts,
            retry: action.retry.clone(),
            prefixes: prefixes.collect(),
            ..Self::plain(backends, &action.backends)
        }
    }

    /// A rule of a gRPC route.
    pub(super) fn grpc(backends: &Backends<'_>, action: &GrpcAction) -> Self {
        Self {
            filters: action.filters.iter().map(Filter::from).collect(),
            timeouts: action.timeouts,
            retry: action.retry.clone(),
            ..Self::plain(backends, &action.backends)
        }
    }

    /// A rule that only forwards.
    pub(super) fn plain<F>(backends: &Backends<'_>, to: &Distribution<F>) -> Self
    where
        for<'a> Filter: From<&'a F>,
    {
        let leaf = |backend: &hauberk_core::outbound::RouteBackend<F>| {
            let filters = backend.filters.iter().map(Filter::from).collect();
            Rc::new(Leaf { filters, ..Leaf::of(backends, &backend.backend) })
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
        let leaf = Leaf { balancer: Some(balancer), filters: Vec::new(), failfast: Duration::ZERO, name };
        Self { leaves: vec![(Rc::new(leaf), 1)], ..Self::empty() }
    }

    fn empty() -> Self {
        Self {
            filters: Vec::new(),
            timeouts: Timeouts::default(),
            retry: None,
            prefixes: Vec::new(),
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

impl Leaf {
    fn of(backends: &Backends<'_>, backend: &hauberk_core::outbound::Backend) -> Self {
        let balancer = match &backend.kind {
            BackendKind::Forward(endpoint) => Some(backends.fixed(endpoint)),
            BackendKind::Balance { path, default_rtt, decay } => Some(backends.service(path, *default_rtt, *decay)),
            BackendKind::Invalid => None,
        };
        let name = Arc::from(backend.meta.name());
        Self { balancer, filters: Vec::new(), failfast: backend.failfast, name }
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
