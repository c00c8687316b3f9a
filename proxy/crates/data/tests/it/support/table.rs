//! What the control plane says, from a table.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hauberk_core::balance::Weighing;
use hauberk_core::discover::Discover;
use hauberk_core::endpoint::{Endpoint, Endpoints, ProtocolHint};
use hauberk_core::identity::{Id, TlsTarget};
use hauberk_core::inbound::{self, Authentication, Authorization, Cidr, Network, ServerPolicy};
use hauberk_core::meta::{Meta, Resource};
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::{
    Backend, BackendKind, Breaker, Distribution, HttpAction, HttpRoutes, OpaqueRoute, OpaqueRoutes, OutboundPolicy,
    Protocol, Retry, RouteBackend, Target,
};
use hauberk_core::route::{HttpFilter, HttpMatch, PathMatch, Route, Rule, Timeouts};
use tokio::sync::watch;

/// The name of the one service.
pub(crate) const SERVICE: &str = "web.default.svc.cluster.local:80";

/// Answers that a test may change at any time.
pub(crate) struct Table {
    pub(crate) target: watch::Sender<Option<Target>>,
    pub(crate) endpoints: watch::Sender<Option<Arc<Endpoints>>>,
    pub(crate) inbound: watch::Sender<Arc<ServerPolicy>>,
    named: Mutex<HashMap<String, watch::Sender<Option<Target>>>>,
    unknown: watch::Sender<Option<Target>>,
}

impl Table {
    /// The service, without endpoints yet; everybody may do everything.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            target: watch::Sender::new(Some(balanced(|_| {}))),
            endpoints: watch::Sender::new(Some(Arc::new(Endpoints { exists: true, ..Endpoints::default() }))),
            inbound: watch::Sender::new(server_policy(detect(), Authentication::Unauthenticated)),
            named: Mutex::default(),
            unknown: watch::Sender::new(Some(Target::Unknown)),
        })
    }

    /// Says of the service and of the program that they speak HTTP/1: no client's silence leads to a connection then.
    pub(crate) fn declare_http1(&self) {
        self.inbound
            .send_replace(server_policy(inbound::Protocol::Http1(Arc::from([])), Authentication::Unauthenticated));
        self.target.send_modify(|target| {
            *target = target.take().map(|target| {
                changed(&target, |policy| {
                    if let Protocol::Detect { http1, .. } = &policy.protocol {
                        policy.protocol = Protocol::Http1(http1.clone());
                    }
                })
            });
        });
    }

    /// What is known of a destination that has a name, as `name:port`; all others are unknown.
    pub(crate) fn name(&self, name: &str, target: Target) {
        self.named.lock().unwrap().insert(name.to_owned(), watch::Sender::new(Some(target)));
    }

    pub(crate) fn set_endpoints(&self, endpoints: impl IntoIterator<Item = Endpoint>) {
        let by_addr = endpoints.into_iter().map(|endpoint| (endpoint.addr, Arc::new(endpoint))).collect();
        self.endpoints.send_replace(Some(Arc::new(Endpoints { by_addr, exists: true, ..Endpoints::default() })));
    }
}

impl Discover for Table {
    fn outbound(&self, addr: SocketAddr) -> watch::Receiver<Option<Target>> {
        assert_ne!(addr.port(), 666, "a test wants a panic");
        self.target.subscribe()
    }

    fn named(&self, name: &NameAddr) -> watch::Receiver<Option<Target>> {
        match self.named.lock().unwrap().get(&name.to_string()) {
            Some(target) => target.subscribe(),
            None => self.unknown.subscribe(),
        }
    }

    fn endpoints(&self, path: &str) -> watch::Receiver<Option<Arc<Endpoints>>> {
        assert_eq!(path, SERVICE);
        self.endpoints.subscribe()
    }

    fn inbound(&self, _port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        self.inbound.subscribe()
    }
}

pub(crate) fn meta(name: &str) -> Arc<Meta> {
    Arc::new(Meta::Default(Arc::from(name)))
}

/// An endpoint outside the mesh.
pub(crate) fn endpoint(addr: SocketAddr) -> Endpoint {
    Endpoint::outside(addr)
}

/// An endpoint in the mesh, whose proxy listens on `proxy_port`.
pub(crate) fn meshed(addr: SocketAddr, proxy_port: u16, identity: &str, hint: ProtocolHint) -> Endpoint {
    let name: Arc<str> = Arc::from(identity);
    let tls = Some(TlsTarget { id: Id::Dns(name.clone()), server_name: name });
    Endpoint { tls, hint, transport_port: Some(proxy_port), ..endpoint(addr) }
}

fn backend<F>() -> Distribution<F> {
    let kind = BackendKind::Balance {
        path: Arc::from(SERVICE),
        weighing: Weighing { default_rtt: Duration::from_millis(30), decay: Duration::from_secs(10), penalty: None },
    };
    let backend = Backend { meta: meta("web"), kind, failfast: Duration::from_secs(3) };
    Distribution::First(Arc::new(RouteBackend { backend, filters: Vec::new() }))
}

/// The service with one route for everything, as `change` wants its action.
pub(crate) fn balanced(change: impl Fn(&mut HttpAction)) -> Target {
    let mut action = HttpAction {
        filters: Vec::new(),
        backends: backend(),
        timeouts: Timeouts::default(),
        retry: None,
        allow_l5d_request_headers: false,
    };
    change(&mut action);
    let rule = Rule { matches: vec![HttpMatch::default()], then: action };
    let route = Route { meta: meta("http"), hosts: Vec::new(), rules: vec![rule] };
    let http = HttpRoutes { routes: Arc::from([route]), breaker: None };
    let detect =
        Protocol::Detect { timeout: Duration::from_secs(10), http1: http.clone(), http2: http, opaque: bytes() };
    policy(detect)
}

/// The service, for whose endpoints a request waits so long.
pub(crate) fn patient(failfast: Duration) -> Target {
    balanced(|action| {
        let Distribution::First(first) = &action.backends else { unreachable!("it is one") };
        let mut backend = (**first).clone();
        backend.backend.failfast = failfast;
        action.backends = Distribution::First(Arc::new(backend));
    })
}

/// The service, whose endpoints are left alone after failures as `breaker` says.
pub(crate) fn breaking(breaker: &Breaker) -> Target {
    changed(&balanced(|_| {}), |policy| {
        if let Protocol::Detect { http1, http2, .. } = &mut policy.protocol {
            (http1.breaker, http2.breaker) = (Some(breaker.clone()), Some(breaker.clone()));
        }
    })
}

/// What policy says, changed.
fn changed(target: &Target, change: impl FnOnce(&mut OutboundPolicy)) -> Target {
    let Target::Policy(policy) = target else { unreachable!("it is one") };
    let mut policy = (**policy).clone();
    change(&mut policy);
    Target::Policy(Arc::new(policy))
}

/// The service, whose bytes nobody reads.
pub(crate) fn opaque() -> Target {
    policy(Protocol::Opaque(bytes()))
}

fn bytes() -> OpaqueRoutes {
    OpaqueRoutes { routes: Arc::from([OpaqueRoute { meta: meta("opaque"), action: Ok(backend()) }]) }
}

fn policy(protocol: Protocol) -> Target {
    Target::Policy(Arc::new(OutboundPolicy { parent: meta("web"), protocol, version: None }))
}

/// Retries by status, at once.
pub(crate) fn retry(status: u16) -> Retry {
    Retry {
        max_retries: 2,
        max_request_bytes: 1024,
        statuses: vec![(status, status)],
        grpc_codes: Vec::new(),
        timeout: None,
        backoff: hauberk_core::outbound::Backoff {
            min: Duration::from_millis(1),
            max: Duration::from_millis(1),
            jitter: 0.0,
        },
    }
}

/// The service with one route that somebody wrote.
pub(crate) fn routed() -> Target {
    changed(&balanced(|_| {}), |policy| {
        policy.parent = resource("core", "Service", "web");
        if let Protocol::Detect { http1, .. } = &mut policy.protocol {
            let mut route = http1.routes[0].clone();
            route.meta = resource("policy.linkerd.io", "HTTPRoute", "route");
            http1.routes = Arc::from([route]);
        }
    })
}

fn resource(group: &str, kind: &str, name: &str) -> Arc<Meta> {
    Arc::new(Meta::Resource(Resource {
        group: group.into(),
        kind: kind.into(),
        namespace: "default".into(),
        name: name.into(),
        section: "".into(),
        port: None,
    }))
}

/// Looks for HTTP, without routes of its own.
pub(crate) fn detect() -> inbound::Protocol {
    detect_within(Duration::from_secs(10))
}

/// The same with another limit.
pub(crate) fn detect_within(timeout: Duration) -> inbound::Protocol {
    inbound::Protocol::Detect { timeout, routes: Arc::from([]) }
}

/// One route that somebody wrote, for one path; whoever may connect may take it.
pub(crate) fn routes(path: &str) -> inbound::HttpRoutes {
    let matches = vec![HttpMatch { path: Some(PathMatch::Prefix(path.into())), ..HttpMatch::default() }];
    let rule = Rule { matches, then: inbound::HttpAccess::default() };
    Arc::from([Route {
        meta: resource("policy.linkerd.io", "HTTPRoute", "route"),
        hosts: Vec::new(),
        rules: vec![rule],
    }])
}

/// The policy of a port which lets those through who prove `authentication`, from any network but loopback's.
pub(crate) fn server_policy(protocol: inbound::Protocol, authentication: Authentication) -> Arc<ServerPolicy> {
    let everywhere = Network { net: Cidr { addr: [0, 0, 0, 0].into(), prefix: 0 }, except: Vec::new() };
    let authorization = Authorization { meta: meta("some"), networks: vec![everywhere], authentication };
    Arc::new(ServerPolicy {
        meta: meta("server"),
        protocol,
        authorizations: Arc::from([Arc::new(authorization)]),
        rate_limits: None,
        version: None,
    })
}

/// Mutual TLS with this identity.
pub(crate) fn only(identity: &str) -> Authentication {
    Authentication::Tls { identities: vec![Arc::from(identity)], suffixes: Vec::new() }
}

/// A route for everything with this one filter.
pub(crate) fn filter(filter: HttpFilter) -> impl Fn(&mut HttpAction) {
    move |action| action.filters.push(filter.clone())
}
