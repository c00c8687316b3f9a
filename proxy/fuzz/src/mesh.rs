//! A side of a proxy, as a listener on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::endpoint::Endpoint;
use hauberk_core::inbound::ServerPolicy;
use hauberk_data::budgets::Budgets;
use hauberk_data::config::Config;
use hauberk_data::drain::{self, DrainSignal};
use hauberk_data::worker::{Shared, Worker};
use hauberk_metrics::families::DataMetrics;
use tokio::net::TcpListener;

use crate::authority::Authority;
use crate::client::settle;
use crate::policy::Fixed;
use crate::settings::{self, PATIENCE};

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
    pub async fn inbound(authority: &Authority, program: SocketAddr, policy: ServerPolicy) -> Self {
        let (proxy, listener) = Self::new(authority, settings::inbound, Fixed::inbound(policy), program).await;
        tokio::task::spawn_local(proxy.worker.clone().serve_inbound(listener));
        proxy
    }

    /// Behind a program whose connections all go to a service with this one endpoint.
    pub async fn outbound(authority: &Authority, endpoint: Endpoint) -> Self {
        Self::to_service(authority, Fixed::outbound(endpoint)).await
    }

    /// Behind a program whose connections all go to a service with these endpoints.
    pub async fn balanced(authority: &Authority, endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        Self::to_service(authority, Fixed::balanced(endpoints)).await
    }

    async fn to_service(authority: &Authority, discover: Fixed) -> Self {
        let service = SocketAddr::from((Ipv4Addr::new(10, 78, 0, 1), 80));
        let (proxy, listener) = Self::new(authority, settings::outbound, discover, service).await;
        tokio::task::spawn_local(proxy.worker.clone().serve_outbound(listener));
        proxy
    }

    async fn new(
        authority: &Authority,
        settings: fn(u16) -> Config,
        discover: Fixed,
        original: SocketAddr,
    ) -> (Self, TcpListener) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (store, metrics) = (Arc::new(authority.store()), Arc::new(DataMetrics::new()));
        let shared = Shared::new(settings(addr.port()), Arc::new(discover), store, metrics);
        let budgets = shared.budgets.clone();
        let (drain, draining) = drain::channel();
        let worker = Worker::with_original(shared, draining, 7, Box::new(move |_| Ok(original)));
        (Self { addr, worker, budgets, _drain: drain }, listener)
    }

    /// Waits until no connection is open; all that connections and requests took has then to be back.
    pub async fn rest(&self) {
        let emptied = tokio::time::timeout(PATIENCE, self.worker.emptied()).await;
        assert!(emptied.is_ok(), "a connection whose client is gone stays open");
        for side in [&self.budgets.inbound, &self.budgets.outbound] {
            assert_eq!(side.connections.taken(), 0, "places of connections that nobody uses are not given back");
            assert_eq!(side.requests.taken(), 0, "places of requests that nobody makes are not given back");
        }
    }

    /// Waits until no request is under way; connections between proxies stay.
    pub async fn rest_of_requests(&self) {
        let given_back = async {
            while self.budgets.inbound.requests.taken() > 0 {
                settle().await;
            }
        };
        let given_back = tokio::time::timeout(PATIENCE, given_back).await;
        assert!(given_back.is_ok(), "places of requests that nobody makes are not given back");
    }

    /// Waits until every byte of buffers is back, as it is once the connections to servers ended too.
    pub async fn rest_without_servers(&self) {
        self.rest().await;
        let given_back = async {
            while self.budgets.buffers.taken() > 0 {
                settle().await;
            }
        };
        let given_back = tokio::time::timeout(PATIENCE, given_back).await;
        assert!(given_back.is_ok(), "{} bytes of buffers are not given back", self.budgets.buffers.taken());
    }
}
