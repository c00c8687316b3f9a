//! All counters of the fast path.

use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::balancer::{self, BalancerMetrics};
use crate::counter::Counter;
use crate::detection::{self, DetectMetrics};
use crate::family::FAMILIES;
pub use crate::family::Family;
use crate::labels::LabelSet;
use crate::registry::Registry;
use crate::response::{self, Names, ResponseMetrics};
use crate::route::{self, BackendMetrics, BackendNames, BackendSeries, RouteMetrics, RouteSeries};
use crate::statuses::RouteKind;
use crate::text::{Kind, Text};
use crate::transfer::Transfer;
use crate::transport::{self, TransportMetrics};

/// Label sets of one family; an edge takes about 1 KB.
pub const SETS_MAX: usize = 2_000;

/// Which way connections go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the program.
    Inbound,
    /// From the program.
    Outbound,
}

/// In the order of `Direction`.
const DIRECTIONS: [&str; 2] = ["inbound", "outbound"];
/// In the order of `RouteKind`.
const KINDS: [(RouteKind, &str); 2] = [(RouteKind::Http, "http"), (RouteKind::Grpc, "grpc")];

const NAMES: Names = Names {
    requests: "request_total",
    responses: "response_total",
    latency_ms: "response_latency_ms",
    latency_seconds: Some("hauberk_response_latency_seconds"),
};

/// The counters of all workers; each counts in a share of its own.
#[derive(Debug)]
pub struct DataMetrics {
    edges: Registry<ResponseMetrics>,
    transports: Registry<TransportMetrics>,
    /// Of transports that are forgotten. Locked while they are, and while they are written, so that no byte counts twice.
    transferred: Mutex<Transfer>,
    counters: [Registry<Counter>; FAMILIES.len()],
    served: [Registry<BackendSeries>; KINDS.len()],
    routes: [Registry<RouteSeries>; KINDS.len()],
    backends: [Registry<BackendSeries>; KINDS.len()],
    balancers: Registry<BalancerMetrics>,
    detections: [Registry<DetectMetrics>; DIRECTIONS.len()],
}

impl Default for DataMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl DataMetrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::bounded(SETS_MAX)
    }

    /// Nothing counted yet; at most `sets` label sets in each family.
    pub fn bounded(sets: usize) -> Self {
        Self {
            edges: Registry::new(sets),
            transports: Registry::new(sets),
            transferred: Mutex::default(),
            counters: std::array::from_fn(|_| Registry::new(sets)),
            served: std::array::from_fn(|_| Registry::new(sets)),
            routes: std::array::from_fn(|_| Registry::new(sets)),
            backends: std::array::from_fn(|_| Registry::new(sets)),
            balancers: Registry::new(sets),
            detections: std::array::from_fn(|_| Registry::new(sets)),
        }
    }

    /// The transports with these labels.
    pub fn transport(&self, labels: &LabelSet) -> Arc<TransportMetrics> {
        self.transports.get(labels)
    }

    /// The same; `labels` are made only where the calling thread has not asked by equal `facts` lately.
    pub fn transport_by(&self, facts: &impl Hash, labels: impl FnOnce() -> LabelSet) -> Arc<TransportMetrics> {
        self.transports.get_by(facts, labels)
    }

    /// The requests and responses with these labels.
    pub fn edge(&self, labels: &LabelSet) -> Arc<ResponseMetrics> {
        self.edges.get(labels)
    }

    /// The same, as [`DataMetrics::transport_by`].
    pub fn edge_by(&self, facts: &impl Hash, labels: impl FnOnce() -> LabelSet) -> Arc<ResponseMetrics> {
        self.edges.get_by(facts, labels)
    }

    /// The counter of a family with these labels.
    pub fn counter(&self, family: Family, labels: &LabelSet) -> Arc<Counter> {
        self.counters[family as usize].get(labels)
    }

    /// The same, as [`DataMetrics::transport_by`].
    pub fn counter_by(&self, family: Family, facts: &impl Hash, labels: impl FnOnce() -> LabelSet) -> Arc<Counter> {
        self.counters[family as usize].get_by(facts, labels)
    }

    /// The requests to the program by a route of its port; facts and labels as for [`DataMetrics::transport_by`].
    pub fn served_by(&self, kind: RouteKind, facts: &impl Hash, labels: impl FnOnce() -> LabelSet) -> BackendMetrics {
        BackendMetrics::new(kind, self.served[kind as usize].get_by(facts, labels))
    }

    /// The requests of the program on a route.
    pub fn route(&self, kind: RouteKind, labels: &LabelSet) -> RouteMetrics {
        RouteMetrics::new(kind, self.routes[kind as usize].get(labels))
    }

    /// The requests of the program on a route to one of its backends.
    pub fn backend(&self, kind: RouteKind, labels: &LabelSet) -> BackendMetrics {
        BackendMetrics::new(kind, self.backends[kind as usize].get(labels))
    }

    /// A balancer's endpoints and queue.
    pub fn balancer(&self, labels: &LabelSet) -> Arc<BalancerMetrics> {
        self.balancers.get(labels)
    }

    /// What connections of a direction turned out to carry.
    pub fn detection(&self, direction: Direction) -> Arc<DetectMetrics> {
        self.detections[direction as usize].get_by(&(), LabelSet::new)
    }

    /// Forgets what nobody used for `idle`.
    pub fn expire(&self, now: Instant, idle: Duration) {
        self.edges.expire(now, idle);
        let mut transferred = self.transferred.lock().unwrap_or_else(PoisonError::into_inner);
        self.transports.expire_with(now, idle, |labels, total| transferred.add(labels, total));
        drop(transferred);
        self.counters.iter().for_each(|counters| counters.expire(now, idle));
        self.served.iter().chain(&self.backends).for_each(|backends| backends.expire(now, idle));
        self.routes.iter().for_each(|routes| routes.expire(now, idle));
        self.balancers.expire(now, idle);
        self.detections.iter().for_each(|detections| detections.expire(now, idle));
    }

    /// Writes all families.
    pub fn write(&self, out: &mut Text) {
        response::write(out, NAMES, &self.edges.totals());
        self.write_transports(out);
        for ((name, help), counters) in FAMILIES.iter().zip(&self.counters) {
            out.family(name, Kind::Counter, help);
            for (labels, count) in counters.totals() {
                out.sample(name, "", &[&labels], count);
            }
        }
        for (kind, word) in KINDS {
            self.write_routes(out, kind, word);
        }
        balancer::write(out, &self.balancers.totals());
        for (direction, detections) in DIRECTIONS.iter().zip(&self.detections) {
            detection::write(out, direction, &detections.totals());
        }
    }

    fn write_transports(&self, out: &mut Text) {
        let forgotten = self.transferred.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut transferred, transports) = (*forgotten, self.transports.totals());
        drop(forgotten);
        transports.iter().for_each(|(labels, total)| transferred.add(labels, total));
        transport::write(out, &transports);
        transferred.write(out);
    }

    fn write_routes(&self, out: &mut Text, kind: RouteKind, word: &str) {
        let inbound = BackendNames {
            requests: &format!("inbound_{word}_requests_total"),
            durations: &format!("inbound_{word}_request_duration_seconds"),
            statuses: &format!("inbound_{word}_statuses_total"),
            response_frames: &format!("inbound_{word}_response_frame_size_bytes"),
        };
        let served = self.served[kind as usize].totals();
        route::write_backends(out, &inbound, kind, &served);
        route::write_response_durations(out, &format!("inbound_{word}_response_duration_seconds"), &served);
        route::write_request_frames(out, &format!("inbound_{word}_request_frame_size_bytes"), &served);
        let prefix = format!("outbound_{word}_route");
        route::write_routes(out, &prefix, kind, &self.routes[kind as usize].totals());
        let outbound = BackendNames {
            requests: &format!("{prefix}_backend_requests_total"),
            durations: &format!("{prefix}_backend_response_duration_seconds"),
            statuses: &format!("{prefix}_backend_response_statuses_total"),
            response_frames: &format!("{prefix}_backend_response_frame_size_bytes"),
        };
        route::write_backends(out, &outbound, kind, &self.backends[kind as usize].totals());
    }
}
