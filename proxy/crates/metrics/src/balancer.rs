//! The endpoints that a balancer chooses from, and the requests that wait for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::buckets::{Buckets, BucketsTotal, Queueing};
use crate::counter::Counter;
use crate::gate::{self, GateMetrics, GateTotal};
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

/// What a balancer chooses endpoints for; each has families of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// Requests.
    Http,
    /// Connections whose bytes nobody reads.
    Tcp,
    /// Connections of programs' own TLS, by its server name.
    Tls,
}

/// In the order of `Carries`, as part of the families' names.
const CARRIES: [&str; 3] = ["http", "tcp", "tls"];

/// One thread's balancer of one backend.
#[derive(Debug, Default)]
pub struct BalancerMetrics {
    ready: AtomicU64,
    pending: AtomicU64,
    updates: [Counter; OPS.len()],
    gate: GateMetrics,
    queues: [Queue; CARRIES.len()],
}

/// What waits for an endpoint.
#[derive(Debug, Default)]
struct Queue {
    used: AtomicBool,
    /// What waits is given up after so many microseconds.
    patience: AtomicU64,
    queued: Counter,
    waits: Buckets<Queueing>,
}

/// The balancers of all threads.
#[derive(Debug, Default)]
pub struct BalancerTotal {
    ready: u64,
    pending: u64,
    updates: [u64; OPS.len()],
    gate: GateTotal,
    queues: [QueueTotal; CARRIES.len()],
}

#[derive(Debug, Default)]
struct QueueTotal {
    used: bool,
    patience: u64,
    queued: u64,
    waiting: u64,
    waits: BucketsTotal<Queueing>,
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

    /// There are routes that send such traffic here, and let it wait for so long.
    pub fn carries(&self, what: Carries, patience: Duration) {
        let queue = &self.queues[what as usize];
        queue.patience.store(u64::try_from(patience.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        queue.used.store(true, Ordering::Relaxed);
    }

    /// A request or connection begins to wait for an endpoint.
    pub fn queued(&self, what: Carries) {
        self.queues[what as usize].queued.increment();
    }

    /// It waited so long, whether it got one or not.
    pub fn dequeued(&self, what: Carries, took: Duration) {
        self.queues[what as usize].waits.observe(took);
    }

    /// Since then there are endpoints to choose from (the gate is open), or there are none.
    pub fn gate(&self, open: bool, since: SystemTime) {
        self.gate.is(open, since);
    }

    /// Nobody asks for the backend any more, so nothing is known of its endpoints.
    pub fn forget(&self) {
        self.endpoints(0, 0);
        self.gate.forget();
    }
}

impl Series for BalancerMetrics {
    type Total = BalancerTotal;

    fn add_to(&self, total: &mut BalancerTotal) {
        // Each worker has the same endpoints: what is told is what the one that has most of them has.
        total.ready = total.ready.max(self.ready.load(Ordering::Relaxed));
        total.pending = total.pending.max(self.pending.load(Ordering::Relaxed));
        total.updates.iter_mut().zip(&self.updates).for_each(|(sum, counter)| *sum += counter.get());
        self.gate.add_to(&mut total.gate);
        for (total, queue) in total.queues.iter_mut().zip(&self.queues) {
            let over = queue.waits.count();
            let queued = queue.queued.get();
            total.used |= queue.used.load(Ordering::Relaxed);
            total.patience = total.patience.max(queue.patience.load(Ordering::Relaxed));
            total.queued += queued;
            total.waiting += queued.saturating_sub(over);
            queue.waits.add_to(&mut total.waits);
        }
    }

    fn events(&self) -> u64 {
        let queued = self.queues.iter().map(|queue| queue.queued.get());
        queued.chain(self.updates.iter().map(Counter::get)).sum()
    }
}

/// Writes all families of balancers.
pub(crate) fn write(out: &mut Text, all: &[(Arc<str>, BalancerTotal)]) {
    for (at, word) in CARRIES.iter().enumerate() {
        let used: Vec<_> = all.iter().filter(|(_, total)| total.queues[at].used).collect();
        let prefix = format!("outbound_{word}_balancer");
        write_endpoints(out, &prefix, &used);
        write_queue(out, &prefix, at, &used);
        let gates: Vec<_> = used.iter().map(|(labels, total)| (labels, &total.gate)).collect();
        gate::write(out, &format!("{prefix}_queue_gate"), &gates);
    }
}

fn write_endpoints(out: &mut Text, prefix: &str, all: &[&(Arc<str>, BalancerTotal)]) {
    let name = format!("{prefix}_endpoints");
    out.family(&name, Kind::Gauge, "Endpoints that take requests, and those that are left alone for a while");
    for (labels, total) in all {
        out.sample(&name, "", &[labels, "endpoint_state=\"ready\""], total.ready);
        out.sample(&name, "", &[labels, "endpoint_state=\"pending\""], total.pending);
    }
    let name = format!("{prefix}_p2c_endpoints");
    out.family(&name, Kind::Gauge, "Endpoints that are chosen from");
    all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.ready + total.pending));
    let name = format!("{prefix}_p2c_updates_total");
    out.family(&name, Kind::Counter, "Changes of the endpoints");
    for (labels, total) in all {
        for (op, updates) in OPS.iter().zip(total.updates) {
            out.sample(&name, "", &[labels, &format!("op=\"{op}\"")], updates);
        }
    }
}

fn write_queue(out: &mut Text, prefix: &str, at: usize, all: &[&(Arc<str>, BalancerTotal)]) {
    let name = format!("{prefix}_queue_length");
    out.family(&name, Kind::Gauge, "What waits for an endpoint");
    all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.queues[at].waiting));
    let name = format!("{prefix}_queue_requests_total");
    out.family(&name, Kind::Counter, "What had to wait for an endpoint");
    all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.queues[at].queued));
    let name = format!("{prefix}_queue_latency_seconds");
    out.family(&name, Kind::Histogram, "Seconds of waiting for an endpoint");
    all.iter().for_each(|(labels, total)| total.queues[at].waits.write(out, &name, labels));
    let name = format!("{prefix}_queue_gate_timeout_seconds");
    out.family(&name, Kind::Gauge, "Seconds after which what waits for an endpoint is given up");
    let patience = |total: &BalancerTotal| Duration::from_micros(total.queues[at].patience).as_secs_f64();
    all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], patience(total)));
}
