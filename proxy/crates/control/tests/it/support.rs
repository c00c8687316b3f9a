//! A controller that asks a stand-in, and how tests wait.

use std::sync::Arc;
use std::time::Duration;

use hauberk_control::config::{Config, DefaultPolicy, InboundDefaults, Streams};
use hauberk_control::controller::Controller;
use hauberk_control::service::{Address, Service};
use hauberk_core::endpoint::Endpoints;
use hauberk_core::identity::Id;
use hauberk_core::inbound::Cidr;
use hauberk_core::outbound::Backoff;
use hauberk_metrics::control::ControlMetrics;
use hauberk_metrics::text::Text;
use hauberk_tls::roots::Roots;
use hauberk_tls::store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::plane::{Plane, Running, listen, serve_tcp};

pub(crate) const WORKLOAD: &str = r#"{"ns":"default","pod":"web-1"}"#;

/// No test waits longer; what is waited for comes in milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Asker {
    pub(crate) plane: Arc<Plane>,
    pub(crate) server: Running,
    pub(crate) address: String,
    pub(crate) controller: Arc<Controller>,
    pub(crate) metrics: Arc<ControlMetrics>,
}

impl Asker {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let plane = Plane::new();
        let listener = listen().await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = serve_tcp(&plane, listener);
        let mut config = config(&address);
        change(&mut config);
        let metrics = Arc::new(ControlMetrics::new());
        let controller = start(config, &metrics);
        Self { plane, server, address, controller, metrics }
    }

    /// Another server at the same address.
    pub(crate) async fn back(address: &str, plane: &Arc<Plane>) -> Running {
        serve_tcp(plane, TcpListener::bind(address).await.unwrap())
    }
}

pub(crate) fn start(config: Config, metrics: &Arc<ControlMetrics>) -> Arc<Controller> {
    let (_, ready) = watch::channel(true);
    Controller::start(config, store(), ready, metrics.clone(), Handle::current())
}

pub(crate) fn service(address: &str) -> Service {
    Service::new(address.parse::<Address>().unwrap(), None).unwrap()
}

pub(crate) fn config(address: &str) -> Config {
    let short = Duration::from_millis(10);
    Config {
        destination: service(address),
        policy: service(address),
        workload: WORKLOAD.into(),
        context: WORKLOAD.into(),
        profile_networks: vec![Cidr { addr: "10.77.0.0".parse().unwrap(), prefix: 16 }],
        streams: Streams::default(),
        backoff: Backoff { min: short, max: short * 5, jitter: 0.1 },
        connect_timeout: Duration::from_secs(5),
        outbound_idle: short,
        inbound_idle: short,
        inbound: InboundDefaults {
            policy: DefaultPolicy::AllAuthenticated,
            cluster_networks: Vec::new(),
            opaque_ports: vec![6379],
            detect_timeout: Duration::from_secs(10),
            ports: Vec::new(),
        },
        confirm_view: false,
    }
}

fn store() -> Arc<Store> {
    let authority = crate::authority::Authority::new();
    Arc::new(Store::new(Id::Dns("web.mesh".into()), Roots::from_pem(&authority.pem()).unwrap()).unwrap())
}

/// Waits until a kept answer is what it should be, and returns what `pick` made of it.
pub(crate) async fn until<T, R>(answer: &mut watch::Receiver<T>, mut pick: impl FnMut(&T) -> Option<R>) -> R {
    let mut found = None;
    let waited = answer.wait_for(|value| {
        found = pick(value);
        found.is_some()
    });
    tokio::time::timeout(PATIENCE, waited).await.expect("in time").expect("the sender stays");
    found.unwrap()
}

/// Waits for something that nothing tells of.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let look = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Waits until the endpoints are at these addresses (the last byte of each).
pub(crate) async fn until_at(answer: &mut watch::Receiver<Option<Arc<Endpoints>>>, lasts: &[u8]) -> Arc<Endpoints> {
    until(answer, |endpoints| endpoints.clone().filter(|endpoints| at(endpoints) == lasts)).await
}

fn at(endpoints: &Endpoints) -> Vec<u8> {
    let last = |ip| match ip {
        std::net::IpAddr::V4(ip) => std::net::Ipv4Addr::octets(&ip)[3],
        std::net::IpAddr::V6(_) => 0,
    };
    endpoints.by_addr.keys().map(|addr| last(addr.ip())).collect()
}

/// Whether an answer of this service was counted as nonsense.
pub(crate) fn rejected(metrics: &ControlMetrics, service: &str) -> bool {
    let mut text = Text::new();
    metrics.write(&mut text, std::time::Instant::now());
    let mut lines = text.finish();
    lines.retain(|c| c != '"');
    lines.lines().any(|line| line.starts_with(&format!("hauberk_view_rejected_total{{service={service}}}")))
}
