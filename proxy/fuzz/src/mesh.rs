//! The inbound side of a proxy, as a listener on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::discover::Discover;
use hauberk_core::endpoint::Endpoints;
use hauberk_core::inbound::{
    Authentication, Authorization, Cidr, HttpAccess, HttpRoutes, Network, Protocol, ServerPolicy,
};
use hauberk_core::meta::{Meta, Resource};
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::Target;
use hauberk_core::route::{HttpMatch, PathMatch, Route, Rule};
use hauberk_data::budgets::Budgets;
use hauberk_data::config::{Config, Inbound, Limits, Outbound};
use hauberk_data::drain::{self, DrainSignal};
use hauberk_data::worker::{Shared, Worker};
use hauberk_metrics::families::DataMetrics;
use hauberk_net::listen::KeepAlive;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::authority::{Authority, WEB};

/// Longer than any input takes, shorter than the fuzzer's own limit.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What policy lets everybody ask for: paths below `/ok`.
pub const ALLOWED: &str = "ok";

/// The proxy, and what it takes and gives back.
pub struct Proxy {
    /// Where connections come in.
    pub addr: SocketAddr,
    worker: Rc<Worker>,
    budgets: Budgets,
    _drain: DrainSignal,
}

impl Proxy {
    /// Before the program at `program`, under this policy.
    pub async fn start(program: SocketAddr, policy: ServerPolicy) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let discover = Arc::new(Fixed { inbound: watch::Sender::new(Arc::new(policy)) });
        let store = Arc::new(Authority::new().store());
        let shared = Shared::new(config(addr.port()), discover, store, Arc::new(DataMetrics::new()));
        let budgets = shared.budgets.clone();
        let (drain, draining) = drain::channel();
        let worker = Worker::with_original(shared, draining, 7, Box::new(move |_| Ok(program)));
        tokio::task::spawn_local(worker.clone().serve_inbound(listener));
        Self { addr, worker, budgets, _drain: drain }
    }

    /// Waits until no connection is open; all that connections and requests took has then to be back.
    pub async fn rest(&self) {
        let emptied = tokio::time::timeout(PATIENCE, self.worker.emptied()).await;
        assert!(emptied.is_ok(), "a connection whose client is gone stays open");
        let taken = |what: &str, taken: usize| assert_eq!(taken, 0, "{what} that nobody uses are not given back");
        taken("places of connections", self.budgets.inbound.connections.taken());
        taken("places of requests", self.budgets.inbound.requests.taken());
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
        meta: Arc::new(Meta::Default("fuzz".into())),
        protocol: Protocol::Detect { timeout: PATIENCE, routes },
        authorizations: Arc::from(authorizations),
        rate_limits: None,
        version: None,
    }
}

fn everybody() -> Arc<Authorization> {
    let net = Cidr { addr: Ipv4Addr::UNSPECIFIED.into(), prefix: 0 };
    Arc::new(Authorization {
        meta: Arc::new(Meta::Default("everybody".into())),
        networks: vec![Network { net, except: Vec::new() }],
        authentication: Authentication::Unauthenticated,
    })
}

struct Fixed {
    inbound: watch::Sender<Arc<ServerPolicy>>,
}

impl Discover for Fixed {
    fn outbound(&self, _addr: SocketAddr) -> watch::Receiver<Option<Target>> {
        watch::Sender::new(Some(Target::Unknown)).subscribe()
    }

    fn named(&self, _name: &NameAddr) -> watch::Receiver<Option<Target>> {
        watch::Sender::new(Some(Target::Unknown)).subscribe()
    }

    fn endpoints(&self, _path: &str) -> watch::Receiver<Option<Arc<Endpoints>>> {
        watch::Sender::new(None).subscribe()
    }

    fn inbound(&self, _port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        self.inbound.subscribe()
    }
}

fn config(port: u16) -> Config {
    Config {
        inbound: Inbound {
            port,
            ips: vec![Ipv4Addr::LOCALHOST.into()],
            local_name: Arc::from(WEB),
            detect_timeout: PATIENCE,
            connect_timeout: PATIENCE,
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 100,
            idle_timeout: PATIENCE,
            discovery_idle: PATIENCE,
            http: Default::default(),
            gateway: Default::default(),
            front: None,
        },
        outbound: Outbound {
            detect_timeout: PATIENCE,
            connect_timeout: PATIENCE,
            discovery_timeout: PATIENCE,
            discovery_idle: PATIENCE,
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 100,
            idle_timeout: PATIENCE,
            http: Default::default(),
            ingress: None,
            informational_headers: true,
        },
        limits: Limits { connections: 1000, buffers: 64 << 20 },
    }
}
