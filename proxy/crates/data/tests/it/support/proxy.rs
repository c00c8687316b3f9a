//! Proxies with real certificates.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::identity::Id;
use hauberk_core::outbound::Backoff;
use hauberk_data::budgets::Budgets;
use hauberk_data::config::{Config, Inbound, Limits, Outbound};
use hauberk_data::drain::{self, DrainSignal};
use hauberk_data::worker::{Shared, Worker};
use hauberk_metrics::families::DataMetrics;
use hauberk_metrics::text::Text;
use hauberk_net::listen::KeepAlive;
use hauberk_tls::credentials::Credentials;
use hauberk_tls::roots::Roots;
use hauberk_tls::store::Store;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::UnixTime;
use tokio::net::{TcpListener, TcpSocket};

use crate::support::table::Table;

/// Where the program believes the service to be.
pub(crate) const SERVICE_IP: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 1);

/// Connections that a side takes at once.
pub(crate) const CONNECTIONS_MAX: usize = 1000;
/// More than any test needs.
const DETECT_TIMEOUT: Duration = Duration::from_secs(10);
/// An address that is not 127.0.0.1, which every policy lets in.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// One authority for a mesh.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    roots: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let roots = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), roots }
    }

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem(&self.roots).unwrap()
    }

    /// The credentials of a workload.
    pub(crate) fn store(&self, name: &str) -> Arc<Store> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let store = Store::new(Id::Dns(Arc::from(name)), self.roots()).unwrap();
        let credentials = Credentials::from_der(leaf.der().to_vec(), Vec::new(), key.serialize_der());
        store.install(credentials, UnixTime::now()).unwrap();
        Arc::new(store)
    }
}

/// One side of a workload's proxy.
pub(crate) struct Proxy {
    pub(crate) addr: SocketAddr,
    /// Where connections to it wanted to go.
    pub(crate) original: Rc<Cell<SocketAddr>>,
    pub(crate) worker: Rc<Worker>,
    pub(crate) drain: DrainSignal,
    pub(crate) budgets: Budgets,
    metrics: Arc<DataMetrics>,
}

impl Proxy {
    /// The proxy before a program of `name`, reached through its own port.
    pub(crate) async fn inbound(authority: &Authority, name: &str, table: &Arc<Table>) -> Self {
        let mut proxy = Self::inbound_at(authority, name, table, Ipv4Addr::LOCALHOST.into(), |_| {}).await;
        proxy.addr = from_elsewhere(proxy.addr).await;
        proxy
    }

    /// The same at `ip`, as `change` wants its settings, for clients on loopback.
    pub(crate) async fn inbound_at(
        authority: &Authority,
        name: &str,
        table: &Arc<Table>,
        ip: IpAddr,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let (proxy, listener) =
            Self::new(authority, name, table, ip, change, |config| config.inbound.ips = vec![ip]).await;
        tokio::task::spawn_local(proxy.worker.clone().serve_inbound(listener));
        proxy
    }

    /// The proxy behind a program of `name` that dials the service.
    pub(crate) async fn outbound(authority: &Authority, name: &str, table: &Arc<Table>) -> Self {
        Self::outbound_with(authority, name, table, DETECT_TIMEOUT).await
    }

    /// The same with another limit for detection.
    pub(crate) async fn outbound_with(
        authority: &Authority,
        name: &str,
        table: &Arc<Table>,
        detect_timeout: Duration,
    ) -> Self {
        let change = |config: &mut Config| config.outbound.detect_timeout = detect_timeout;
        Self::outbound_at(authority, name, table, Ipv4Addr::LOCALHOST.into(), change).await
    }

    /// The same at `ip`, as `change` wants its settings.
    pub(crate) async fn outbound_at(
        authority: &Authority,
        name: &str,
        table: &Arc<Table>,
        ip: IpAddr,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let own: IpAddr = [10, 77, 0, 9].into();
        let (proxy, listener) =
            Self::new(authority, name, table, ip, change, |config| config.inbound.ips = vec![own]).await;
        proxy.original.set((SERVICE_IP, 80).into());
        tokio::task::spawn_local(proxy.worker.clone().serve_outbound(listener));
        proxy
    }

    async fn new(
        authority: &Authority,
        name: &str,
        table: &Arc<Table>,
        ip: IpAddr,
        change: impl FnOnce(&mut Config),
        side: impl FnOnce(&mut Config),
    ) -> (Self, TcpListener) {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut config = config(addr.port(), name, Vec::new(), DETECT_TIMEOUT);
        side(&mut config);
        change(&mut config);
        let metrics = Arc::new(DataMetrics::new());
        let shared = Shared::new(config, table.clone(), authority.store(name), metrics.clone());
        let original = Rc::new(Cell::new(addr));
        let budgets = shared.budgets.clone();
        let (drain, draining) = drain::channel();
        let dialled = original.clone();
        let worker = Worker::with_original(shared, draining, 7, Box::new(move |_| Ok(dialled.get())));
        (Self { addr, original, worker, drain, budgets, metrics }, listener)
    }

    /// The sum of all samples of `family` whose labels contain all of `labels`.
    pub(crate) fn count(&self, family: &str, labels: &[&str]) -> f64 {
        count(&self.metrics, family, labels)
    }
}

/// The sum of all samples of `family` whose labels contain all of `labels`.
pub(crate) fn count(metrics: &DataMetrics, family: &str, labels: &[&str]) -> f64 {
    let mut page = Text::default();
    metrics.write(&mut page);
    let page = page.finish();
    let is_of = |line: &&str| line.starts_with(&format!("{family}{{")) && labels.iter().all(|l| line.contains(l));
    page.lines().filter(is_of).filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// What the workers of a proxy share that listens on `port`.
pub(crate) fn shared(
    authority: &Authority,
    name: &str,
    table: &Arc<Table>,
    port: u16,
    ips: Vec<IpAddr>,
    detect_timeout: Duration,
) -> Shared {
    let config = config(port, name, ips, detect_timeout);
    Shared::new(config, table.clone(), authority.store(name), Arc::new(DataMetrics::new()))
}

fn config(port: u16, name: &str, ips: Vec<IpAddr>, detect_timeout: Duration) -> Config {
    let second = Duration::from_secs(1);
    Config {
        inbound: Inbound {
            port,
            ips,
            local_name: Arc::from(name),
            detect_timeout,
            connect_timeout: second,
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 100,
            idle_timeout: 3 * second,
            discovery_idle: Duration::from_millis(50),
            http: Default::default(),
            gateway: Default::default(),
            front: None,
        },
        outbound: Outbound {
            detect_timeout,
            connect_timeout: second,
            discovery_timeout: 10 * second,
            discovery_idle: Duration::from_millis(500),
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 100,
            idle_timeout: 3 * second,
            http: Default::default(),
            queue_max: 100,
            connect_backoff: Backoff { min: second / 10, max: 60 * second, jitter: 0.1 },
            ingress: None,
            informational_headers: true,
        },
        limits: Limits { connections: CONNECTIONS_MAX, buffers: 4 << 20, stall: None },
    }
}

/// An address whose connections reach `addr` from another host's address.
pub(crate) async fn from_elsewhere(addr: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let relay = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::task::spawn_local(async move {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind((ELSEWHERE, 0).into()).unwrap();
                let mut far = socket.connect(addr).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    relay
}
