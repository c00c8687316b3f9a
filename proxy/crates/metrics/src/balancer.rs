//! The endpoints that a balancer chooses from, and the requests that wait for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::buckets::{Buckets, BucketsTotal, Queueing};
use crate::counter::Counter;
use crate::registry::Series;
use crate::text::{Kind, Text};

/// How the set of endpoints changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// An endpoint came.
    Add,
    /// An endpoint went.
    Remove,
    /// The whole set was replaced.
    Reset,
    /// The backend does not exist.
    DoesNotExist,
}

/// In the order of `Update`, as the label `op`.
const OPS: [&str; 4] = ["add", "remove", "reset", "dne"];

/// One thread's balancer of one backend.
#[derive(Debug, Default)]
pub struct BalancerMetrics {
    ready: AtomicU64,
    pending: AtomicU64,
    updates: [Counter; OPS.len()],
    queued: Counter,
    waits: Buckets<Queueing>,
    gates: [Counter; 2],
}

/// The balancers of all threads.
#[derive(Debug, Default)]
pub struct BalancerTotal {
    ready: u64,
    pending: u64,
    updates: [u64; OPS.len()],
    queued: u64,
    waiting: u64,
    waits: BucketsTotal<Queueing>,
    gates: [u64; 2],
}

impl BalancerMetrics {
    /// So many endpoints take requests now, and so many are left alone.
    pub fn endpoints(&self, ready: usize, pending: usize) {
        self.ready.store(ready as u64, Ordering::Relaxed);
        self.pending.store(pending as u64, Ordering::Relaxed);
    }

    /// The set of endpoints changed.
    pub fn updated(&self, what: Update) {
        self.updates[what as usize].increment();
    }

    /// A request begins to wait for an endpoint.
    pub fn queued(&self) {
        self.queued.increment();
    }

    /// It waited so long, whether it got one or not.
    pub fn dequeued(&self, took: Duration) {
        self.waits.observe(took);
    }

    /// The first endpoint became ready, or the last one is no longer so.
    pub fn gate(&self, open: bool) {
        self.gates[usize::from(!open)].increment();
    }
}

impl Series for BalancerMetrics {
    type Total = BalancerTotal;

    fn add_to(&self, total: &mut BalancerTotal) {
        // Each worker has the same endpoints: what is told is what the one that has most of them has.
        total.ready = total.ready.max(self.ready.load(Ordering::Relaxed));
        total.pending = total.pending.max(self.pending.load(Ordering::Relaxed));
        let counts = total.updates.iter_mut().zip(&self.updates).chain(total.gates.iter_mut().zip(&self.gates));
        counts.for_each(|(sum, counter)| *sum += counter.get());
        let over = self.waits.count();
        let queued = self.queued.get();
        total.queued += queued;
        total.waiting += queued.saturating_sub(over);
        self.waits.add_to(&mut total.waits);
    }

    fn events(&self) -> u64 {
        self.queued.get() + self.updates.iter().map(Counter::get).sum::<u64>()
    }
}

/// Writes all families of balancers for HTTP.
pub(crate) fn write(out: &mut Text, all: &[(Arc<str>, BalancerTotal)]) {
    let name = "outbound_http_balancer_endpoints";
    out.family(name, Kind::Gauge, "Endpoints that take requests, and those that are left alone for a while");
    for (labels, total) in all {
        out.sample(name, "", &[labels, "endpoint_state=\"ready\""], total.ready);
        out.sample(name, "", &[labels, "endpoint_state=\"pending\""], total.pending);
    }
    let name = "outbound_http_balancer_p2c_endpoints";
    out.family(name, Kind::Gauge, "Endpoints that are chosen from");
    all.iter().for_each(|(labels, total)| out.sample(name, "", &[labels], total.ready + total.pending));
    let name = "outbound_http_balancer_p2c_updates_total";
    out.family(name, Kind::Counter, "Changes of the endpoints");
    for (labels, total) in all {
        for (op, updates) in OPS.iter().zip(total.updates) {
            out.sample(name, "", &[labels, &format!("op=\"{op}\"")], updates);
        }
    }
    let name = "outbound_http_balancer_queue_length";
    out.family(name, Kind::Gauge, "Requests that wait for an endpoint");
    all.iter().for_each(|(labels, total)| out.sample(name, "", &[labels], total.waiting));
    let name = "outbound_http_balancer_queue_requests_total";
    out.family(name, Kind::Counter, "Requests that had to wait for an endpoint");
    all.iter().for_each(|(labels, total)| out.sample(name, "", &[labels], total.queued));
    let name = "outbound_http_balancer_queue_latency_seconds";
    out.family(name, Kind::Histogram, "Seconds that requests waited for an endpoint");
    all.iter().for_each(|(labels, total)| total.waits.write(out, name, labels));
    let names = ["outbound_http_balancer_queue_gate_open_total", "outbound_http_balancer_queue_gate_shut_total"];
    for (at, name) in names.into_iter().enumerate() {
        out.family(name, Kind::Counter, "Times that the first endpoint became ready, or the last one stopped to be so");
        all.iter().for_each(|(labels, total)| out.sample(name, "", &[labels], total.gates[at]));
    }
}
