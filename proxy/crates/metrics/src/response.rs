//! Requests and responses of one set of labels.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::counter::Counter;
use crate::histogram::{Histogram, Snapshot};
use crate::labels::LabelSet;
use crate::registry::Series;
use crate::text::{Kind, Text};

/// Kinds of responses told apart within one set of labels; the peer chooses the status, so there must be a bound.
pub const OUTCOMES_MAX: usize = 64;

/// What a response turned out to be.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Outcome {
    /// The HTTP status; `None` where it is one of too many.
    pub status: Option<u16>,
    /// The gRPC status, where there is one.
    pub grpc_status: Option<u16>,
    /// As the response's class says.
    pub success: bool,
    /// The class of a failure that the proxy saw or answered; empty if none.
    pub error: &'static str,
}

impl PartialEq for Outcome {
    /// Asked for each response: most have no error, and for nothing there is nothing to compare.
    fn eq(&self, other: &Self) -> bool {
        let same_error = self.error.len() == other.error.len() && (self.error.is_empty() || self.error == other.error);
        (self.status, self.grpc_status, self.success) == (other.status, other.grpc_status, other.success) && same_error
    }
}

impl Outcome {
    fn overflow(success: bool) -> Self {
        Self { status: None, grpc_status: None, success, error: "" }
    }

    fn labels(&self) -> LabelSet {
        let class = if self.success { "success" } else { "failure" };
        status_label(self.status)
            .with("classification", class)
            .with("grpc_status", self.grpc_status.map(|code| code.to_string()).unwrap_or_default())
            .with("error", self.error)
    }
}

fn status_label(status: Option<u16>) -> LabelSet {
    LabelSet::new().with("status_code", status.map_or_else(|| "other".to_owned(), |code| code.to_string()))
}

/// Where responses with one outcome are counted.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) outcome: Outcome,
    responses: Arc<Counter>,
    latency: Arc<Histogram>,
}

impl Slot {
    pub(crate) fn record(&self, took: Duration) {
        self.responses.increment();
        self.latency.observe(took);
    }
}

/// One thread's requests, responses and latencies with one set of labels. They share no cache line with what another
/// thread counts.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct ResponseMetrics {
    requests: Counter,
    slots: Mutex<Vec<Slot>>,
}

impl ResponseMetrics {
    /// A request arrived.
    pub fn request(&self) {
        self.requests.increment();
    }

    /// A response ended `took` after its request arrived. Takes a lock: the fast path counts through `EdgeMetrics`.
    pub fn response(&self, outcome: Outcome, took: Duration) {
        self.slot(outcome).record(took);
    }

    /// Where responses with this outcome are counted.
    pub(crate) fn slot(&self, outcome: Outcome) -> Slot {
        let mut slots = self.lock();
        let find = |slots: &[Slot], outcome| slots.iter().find(|slot| slot.outcome == outcome).cloned();
        if let Some(slot) = find(&slots, outcome) {
            return slot;
        }
        let outcome = if slots.len() < OUTCOMES_MAX { outcome } else { Outcome::overflow(outcome.success) };
        find(&slots, outcome).unwrap_or_else(|| {
            let same_status = slots.iter().find(|slot| slot.outcome.status == outcome.status);
            let latency = same_status.map(|slot| slot.latency.clone()).unwrap_or_default();
            let slot = Slot { outcome, responses: Arc::default(), latency };
            slots.push(slot.clone());
            slot
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The requests and responses of all threads.
#[derive(Debug, Default)]
pub struct ResponseTotal {
    requests: u64,
    responses: Vec<(Outcome, u64)>,
    latencies: Vec<(Option<u16>, Snapshot)>,
}

impl Series for ResponseMetrics {
    type Total = ResponseTotal;

    fn add_to(&self, total: &mut ResponseTotal) {
        total.requests += self.requests.get();
        let mut seen: Vec<Option<u16>> = Vec::new();
        for slot in self.lock().iter() {
            let Outcome { status, .. } = slot.outcome;
            *sum_of(&mut total.responses, slot.outcome) += slot.responses.get();
            if !seen.contains(&status) {
                seen.push(status); // the outcomes of one status share their latencies
                sum_of(&mut total.latencies, status).merge(&slot.latency.snapshot());
            }
        }
    }

    fn events(&self) -> u64 {
        self.requests.get()
    }
}

/// The sum that belongs to `key`, in the order in which keys appeared.
pub(crate) fn sum_of<K: PartialEq, V: Default>(sums: &mut Vec<(K, V)>, key: K) -> &mut V {
    let at = sums.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
        sums.push((key, V::default()));
        sums.len() - 1
    });
    &mut sums[at].1
}

/// The names of the families, which differ by who asked whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    pub(crate) requests: &'static str,
    pub(crate) responses: &'static str,
    pub(crate) latency_ms: &'static str,
    /// The finer family, with the latencies of all statuses together.
    pub(crate) latency_seconds: Option<&'static str>,
}

/// Writes all families of requests and responses.
pub(crate) fn write(out: &mut Text, names: Names, all: &[(Arc<str>, ResponseTotal)]) {
    out.family(names.requests, Kind::Counter, "Requests that arrived");
    for (labels, total) in all {
        out.sample(names.requests, "", &[labels], total.requests);
    }
    out.family(names.responses, Kind::Counter, "Responses that ended");
    for (labels, total) in all {
        for (outcome, responses) in &total.responses {
            out.sample(names.responses, "", &[labels, outcome.labels().as_str()], responses);
        }
    }
    out.family(names.latency_ms, Kind::Histogram, "Milliseconds from a request's head to its response's end");
    for (labels, total) in all {
        for (status, latency) in &total.latencies {
            latency.write_ms(out, names.latency_ms, &[labels, status_label(*status).as_str()]);
        }
    }
    let Some(name) = names.latency_seconds else { return };
    out.family(name, Kind::Histogram, "Seconds from a request's head to its response's end");
    for (labels, total) in all.iter().filter(|(_, total)| !total.latencies.is_empty()) {
        let mut sum = Snapshot::default();
        total.latencies.iter().for_each(|(_, latency)| sum.merge(latency));
        sum.write_seconds(out, name, &[labels]);
    }
}
