//! What is known of a destination, made ready: each route and backend is looked up once, not for each request.

use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::balance::Weighing;
use hauberk_core::endpoint::Endpoint;
use hauberk_core::meta::Meta;
use hauberk_core::outbound::{
    Breaker, GrpcAction, HttpAction, OpaqueRefusal, OpaqueRoute, OutboundPolicy, Protocol, Target,
};
use hauberk_core::route::{GrpcMatch, HostMatch, HttpMatch, RequestFacts, Route};
use hauberk_core::{matching, outbound};
use hauberk_metrics::balancer::Carries;
use hauberk_metrics::families::DataMetrics;
use hauberk_metrics::statuses::RouteKind;
use http::Request;

use crate::balance::Balancer;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers;
use crate::outbound::destination::{Fixed, Place};
use crate::outbound::labels::{self, RouteConnections};
use crate::outbound::rule::{Of, Rule};
use crate::worker::Worker;

/// The kind of a policy's parent whose requests routes are written for.
const SERVICE: &str = "Service";

/// One version of a destination's policy.
pub(super) struct Stack {
    pub(super) reading: Reading,
    http1: Routes,
    http2: Routes,
    bytes: Vec<BytesRoute>,
}

/// How the bytes of new connections are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Detect {
        /// Whether bytes that are no request may pass.
        takes_bytes: bool,
    },
    Http1,
    Http2,
    /// Not at all.
    Opaque,
    /// The server name of the program's own TLS.
    Tls,
    /// The control plane lets nothing through.
    Refused,
}

/// The routes for requests.
enum Routes {
    Http(Arc<[Route<HttpMatch, HttpAction>]>, Vec<Vec<Rc<Rule>>>),
    Grpc(Arc<[Route<GrpcMatch, GrpcAction>]>, Vec<Vec<Rc<Rule>>>),
    /// Bytes that turned out to be requests take the route for bytes.
    Bytes,
}

/// A route for bytes: for which server names (none: all), and where to.
pub(super) struct BytesRoute {
    names: Vec<HostMatch>,
    pub(super) rule: Result<Rc<Rule>, ProxyError>,
    /// Counts its connections; `None` where there is no route.
    pub(super) metrics: Option<Rc<RouteConnections>>,
}

/// Finds or makes balancers.
pub(super) struct Backends<'a> {
    worker: &'a Worker,
    fixed: &'a Fixed,
    /// When their endpoints are left alone for a while.
    pub(super) breaker: Option<Rc<Breaker>>,
    /// What they are found for.
    pub(super) carries: Carries,
}

impl<'a> Backends<'a> {
    /// The same with the circuit breaker of some routes.
    fn breaking(&self, breaker: Option<&Breaker>) -> Backends<'a> {
        Backends { breaker: breaker.cloned().map(Rc::new), ..*self }
    }

    /// The same for connections.
    fn carrying(&self, carries: Carries) -> Backends<'a> {
        Backends { carries, breaker: None, ..*self }
    }

    /// The backend of one endpoint.
    pub(super) fn fixed(&self, endpoint: &Arc<Endpoint>) -> Rc<Balancer> {
        self.fixed.balancer(self.worker, endpoint)
    }

    /// Where requests are counted.
    pub(super) fn metrics(&self) -> &DataMetrics {
        &self.worker.shared.metrics
    }

    /// The endpoints of a service.
    pub(super) fn service(&self, path: &Arc<str>, weighing: Weighing) -> Rc<Balancer> {
        self.worker.outbound.balancer(self.worker, path, weighing)
    }
}

impl Stack {
    /// Makes `target` ready for the destination `place`.
    pub(super) fn of(worker: &Worker, fixed: &Fixed, place: &Place, target: &Target) -> Self {
        let backends = Backends { worker, fixed, breaker: None, carries: Carries::Http };
        match target {
            Target::Policy(policy) => Self::policy(&backends, policy),
            Target::Endpoint { endpoint, opaque } => {
                let reading = if *opaque { Reading::Opaque } else { Reading::Detect { takes_bytes: true } };
                Self::forward(reading, Rule::to(backends.fixed(endpoint)))
            }
            Target::Unknown => match place {
                Place::Addr(addr) => {
                    let endpoint = backends.fixed(&Arc::new(Endpoint::outside(*addr)));
                    Self::forward(Reading::Detect { takes_bytes: true }, Rule::to(endpoint))
                }
                Place::Name(name) => {
                    let message = format!("the control plane knows no destination {name}");
                    Self::refusal(ProxyError::new(ErrorKind::NoRoute, message))
                }
            },
            Target::Refused(why) => Self::refusal(forbidden(format!("the control plane refuses {place}: {why}"))),
        }
    }

    fn refusal(error: ProxyError) -> Self {
        let bytes = vec![BytesRoute { names: Vec::new(), rule: Err(error), metrics: None }];
        Self { reading: Reading::Refused, http1: Routes::Bytes, http2: Routes::Bytes, bytes }
    }

    fn forward(reading: Reading, rule: Rule) -> Self {
        let bytes = vec![BytesRoute { names: Vec::new(), rule: Ok(Rc::new(rule)), metrics: None }];
        Self { reading, http1: Routes::Bytes, http2: Routes::Bytes, bytes }
    }

    fn policy(backends: &Backends<'_>, policy: &OutboundPolicy) -> Self {
        let parent = &policy.parent;
        let bytes = |routes: &outbound::OpaqueRoutes| {
            let backends = &backends.carrying(Carries::Tcp);
            routes.routes.iter().map(|route| BytesRoute::new(backends, parent, Vec::new(), route)).collect()
        };
        let http = |routes| Routes::http(backends, &policy.parent, routes);
        let grpc = |routes| Routes::grpc(backends, &policy.parent, routes);
        let (reading, http1, http2, bytes) = match &policy.protocol {
            Protocol::Detect { http1, http2, opaque, .. } => {
                let bytes: Vec<_> = bytes(opaque);
                let allowed = bytes.first().is_some_and(|route| route.rule.is_ok());
                let takes_bytes = allowed && !demands_http(policy, [http1, http2]);
                let reading = Reading::Detect { takes_bytes };
                (reading, http(http1), http(http2), bytes)
            }
            Protocol::Http1(routes) => (Reading::Http1, http(routes), http(routes), Vec::new()),
            Protocol::Http2(routes) => (Reading::Http2, http(routes), http(routes), Vec::new()),
            Protocol::Grpc(routes) => (Reading::Http2, grpc(routes), grpc(routes), Vec::new()),
            Protocol::Opaque(routes) => (Reading::Opaque, Routes::Bytes, Routes::Bytes, bytes(routes)),
            Protocol::Tls(routes) => {
                let backends = &backends.carrying(Carries::Tls);
                let route =
                    |(names, route): &(Vec<HostMatch>, _)| BytesRoute::new(backends, parent, names.clone(), route);
                (Reading::Tls, Routes::Bytes, Routes::Bytes, routes.routes.iter().map(route).collect())
            }
        };
        Self { reading, http1, http2, bytes }
    }

    /// The rule of a request.
    pub(super) fn request<B>(&self, request: &Request<B>) -> Result<&Rc<Rule>, ProxyError> {
        let routes = if request.version() == http::Version::HTTP_2 { &self.http2 } else { &self.http1 };
        let facts = RequestFacts {
            method: request.method(),
            uri: request.uri(),
            host: headers::host_of(request),
            headers: request.headers(),
        };
        let (found, rules) = match routes {
            Routes::Http(table, rules) => (matching::http(table, &facts), rules),
            Routes::Grpc(table, rules) => (matching::grpc(table, &facts), rules),
            Routes::Bytes => return self.bytes(None),
        };
        found
            .and_then(|(route, rule)| rules.get(route)?.get(rule))
            .ok_or_else(|| ProxyError::new(ErrorKind::NoRoute, "no route matches the request"))
    }

    /// The rule of a connection whose bytes nobody reads, or only the `server_name` of its TLS.
    pub(super) fn bytes(&self, server_name: Option<&str>) -> Result<&Rc<Rule>, ProxyError> {
        self.bytes_route(server_name)?.rule.as_ref().map_err(ProxyError::clone)
    }

    /// The route of such a connection.
    pub(super) fn bytes_route(&self, server_name: Option<&str>) -> Result<&BytesRoute, ProxyError> {
        let matches = |route: &&BytesRoute| {
            route.names.is_empty()
                || server_name.is_some_and(|name| route.names.iter().any(|host| matching::host(host, name).is_some()))
        };
        let none = || ProxyError::new(ErrorKind::NoRoute, "no route takes the connection");
        self.bytes.iter().find(matches).ok_or_else(none)
    }
}

impl Routes {
    fn http(backends: &Backends<'_>, parent: &Meta, routes: &outbound::HttpRoutes) -> Self {
        let backends = &backends.breaking(routes.breaker.as_ref());
        let rules = routes.routes.iter().map(|route| {
            let of = Of { kind: RouteKind::Http, parent, route: &route.meta };
            route.rules.iter().map(|rule| Rc::new(Rule::http(backends, of, rule))).collect()
        });
        Routes::Http(routes.routes.clone(), rules.collect())
    }

    fn grpc(backends: &Backends<'_>, parent: &Meta, routes: &outbound::GrpcRoutes) -> Self {
        let backends = &backends.breaking(routes.breaker.as_ref());
        let rules = routes.routes.iter().map(|route| {
            let of = Of { kind: RouteKind::Grpc, parent, route: &route.meta };
            route.rules.iter().map(|rule| Rc::new(Rule::grpc(backends, of, &rule.then))).collect()
        });
        Routes::Grpc(routes.routes.clone(), rules.collect())
    }
}

impl BytesRoute {
    fn new(backends: &Backends<'_>, parent: &Meta, names: Vec<HostMatch>, route: &OpaqueRoute) -> Self {
        let metrics = labels::route_connections(backends.metrics(), backends.carries, parent, &route.meta);
        let rule = match &route.action {
            Ok(backend) => Ok(Rc::new(Rule::plain(backends, backend))),
            Err(OpaqueRefusal::Forbidden) => {
                Err(forbidden(format!("the policy {} forbids the connection", route.meta.name())))
            }
            Err(OpaqueRefusal::Invalid(why)) => Err(ProxyError::new(ErrorKind::InvalidPolicy, &**why)),
        };
        Self { names, rule, metrics: Some(Rc::new(metrics)) }
    }
}

/// Whether bytes that are no request must not pass, although the policy has a route for them: somebody wrote routes for the
/// requests to this Service. What goes out of the mesh has routes for both, and each of them counts.
fn demands_http(policy: &OutboundPolicy, routes: [&outbound::HttpRoutes; 2]) -> bool {
    let mut all = routes.iter().flat_map(|routes| routes.routes.iter());
    policy.parent.kind() == SERVICE && all.any(|route| matches!(*route.meta, Meta::Resource(_)))
}

fn forbidden(message: String) -> ProxyError {
    ProxyError::new(ErrorKind::Unauthorized, message)
}
