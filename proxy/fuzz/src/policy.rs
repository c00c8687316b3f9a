//! What the control plane says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::balance::Weighing;
use hauberk_core::discover::Discover;
use hauberk_core::endpoint::{Endpoint, Endpoints, ProtocolHint};
use hauberk_core::identity::{Id, TlsTarget};
use hauberk_core::inbound::{self, Authentication, Authorization, Cidr, HttpAccess, HttpRoutes, Network, ServerPolicy};
use hauberk_core::meta::{Meta, Resource};
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::{
    self, Backend, BackendKind, Distribution, HttpAction, OpaqueRoutes, OutboundPolicy, Protocol, RouteBackend, Target,
};
use hauberk_core::route::{HttpMatch, PathMatch, Route, Rule, Timeouts};
use tokio::sync::watch;

use crate::authority::WEB;
use crate::settings::PATIENCE;

/// What policy lets everybody ask for: paths below `/ok`.
pub const ALLOWED: &str = "ok";

/// How the contract's control plane has endpoints weighed.
const WEIGHING: Weighing =
    Weighing { default_rtt: Duration::from_millis(30), decay: Duration::from_secs(10), penalty: None };

/// Always says the same.
pub struct Fixed {
    inbound: watch::Sender<Arc<ServerPolicy>>,
    outbound: watch::Sender<Option<Target>>,
    endpoints: watch::Sender<Option<Arc<Endpoints>>>,
}

impl Fixed {
    /// Of a program's own port.
    pub fn inbound(policy: ServerPolicy) -> Self {
        Self {
            inbound: watch::Sender::new(Arc::new(policy)),
            outbound: watch::Sender::new(Some(Target::Unknown)),
            endpoints: watch::Sender::new(None),
        }
    }

    /// Of every destination: requests to it go to this endpoint.
    pub fn outbound(endpoint: Endpoint) -> Self {
        let kind = BackendKind::Forward(Arc::new(endpoint));
        Self { outbound: watch::Sender::new(Some(service(kind))), ..Self::inbound(everything()) }
    }

    /// Of every destination: each request to it goes to one of these endpoints, which is chosen for it.
    pub fn balanced(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        let by_addr = endpoints.into_iter().map(|endpoint| (endpoint.addr, Arc::new(endpoint))).collect();
        let endpoints = Endpoints { by_addr, exists: true, ..Endpoints::default() };
        let kind = BackendKind::Balance { path: Arc::from("web.default:80"), weighing: WEIGHING };
        Self {
            outbound: watch::Sender::new(Some(service(kind))),
            endpoints: watch::Sender::new(Some(Arc::new(endpoints))),
            ..Self::inbound(everything())
        }
    }
}

impl Discover for Fixed {
    fn outbound(&self, _addr: SocketAddr) -> watch::Receiver<Option<Target>> {
        self.outbound.subscribe()
    }

    fn named(&self, _name: &NameAddr) -> watch::Receiver<Option<Target>> {
        watch::Sender::new(Some(Target::Unknown)).subscribe()
    }

    fn endpoints(&self, _path: &str) -> watch::Receiver<Option<Arc<Endpoints>>> {
        self.endpoints.subscribe()
    }

    fn inbound(&self, _port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        self.inbound.subscribe()
    }
}

/// Everybody may ask for what is below `/ok`, and nobody for anything else. What is no request does not pass.
pub fn only_allowed() -> ServerPolicy {
    let resource = Resource {
        group: "policy.linkerd.io".into(),
        kind: "HTTPRoute".into(),
        namespace: "default".into(),
        name: ALLOWED.into(),
        section: "".into(),
        port: None,
    };
    let matches =
        vec![HttpMatch { path: Some(PathMatch::Prefix(format!("/{ALLOWED}").into())), ..HttpMatch::default() }];
    let then = HttpAccess { authorizations: Arc::from([everybody()]), filters: Vec::new() };
    let rules = vec![Rule { matches, then }];
    let route = Route { meta: Arc::new(Meta::Resource(resource)), hosts: Vec::new(), rules };
    policy(Arc::from([route]), &[])
}

/// Everybody may send everything.
pub fn everything() -> ServerPolicy {
    policy(Arc::from([]), &[everybody()])
}

fn policy(routes: HttpRoutes, authorizations: &[Arc<Authorization>]) -> ServerPolicy {
    ServerPolicy {
        meta: meta("fuzz"),
        protocol: inbound::Protocol::Detect { timeout: PATIENCE, routes },
        authorizations: Arc::from(authorizations),
        rate_limits: None,
        version: None,
    }
}

fn everybody() -> Arc<Authorization> {
    let net = Cidr { addr: Ipv4Addr::UNSPECIFIED.into(), prefix: 0 };
    Arc::new(Authorization {
        meta: meta("everybody"),
        networks: vec![Network { net, except: Vec::new() }],
        authentication: Authentication::Unauthenticated,
    })
}

/// An endpoint that proves to be [`WEB`] and takes HTTP/2, in which HTTP/1 is carried.
pub fn meshed(addr: SocketAddr) -> Endpoint {
    let name: Arc<str> = Arc::from(WEB);
    let tls = Some(TlsTarget { id: Id::Dns(name.clone()), server_name: name });
    Endpoint { tls, hint: ProtocolHint::Http2, ..Endpoint::outside(addr) }
}

fn service(kind: BackendKind) -> Target {
    let backend = Backend { meta: meta("backend"), kind, failfast: PATIENCE };
    let action = HttpAction {
        filters: Vec::new(),
        backends: Distribution::First(Arc::new(RouteBackend { backend, filters: Vec::new() })),
        timeouts: Timeouts::default(),
        retry: None,
        allow_l5d_request_headers: false,
    };
    let rules = vec![Rule { matches: vec![HttpMatch::default()], then: action }];
    let route = Route { meta: meta("route"), hosts: Vec::new(), rules };
    let http = outbound::HttpRoutes { routes: Arc::from([route]), breaker: None };
    // Nothing but HTTP, so that no server is asked whether it speaks first.
    let opaque = OpaqueRoutes { routes: Arc::from([]) };
    let protocol = Protocol::Detect { timeout: PATIENCE, http1: http.clone(), http2: http, opaque };
    Target::Policy(Arc::new(OutboundPolicy { parent: meta("service"), protocol, version: None }))
}

fn meta(name: &str) -> Arc<Meta> {
    Arc::new(Meta::Default(name.into()))
}
