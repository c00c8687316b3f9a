//! Whether a balancer has endpoints to choose from, and since when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::counter::Counter;
use crate::text::{Kind, Text};

/// In the order of `GateMetrics`' arrays.
const STATES: [&str; 2] = ["open", "shut"];
const MICROS: f64 = 1e6;

/// One thread's view of one backend: open while there is an endpoint that takes requests. It outlives balancers, which come
/// and go with the requests for them.
#[derive(Debug, Default)]
pub(crate) struct GateMetrics {
    changes: [Counter; STATES.len()],
    /// Since when it is in each state, in microseconds since 1970; what is later counts, and 0 is never.
    since: [AtomicU64; STATES.len()],
    /// The state that was counted last, from 1 on.
    last: AtomicU64,
}

/// The views of all threads. Each learns of a change when it next has something to do with the backend.
#[derive(Debug, Default)]
pub(crate) struct GateTotal {
    changes: [u64; STATES.len()],
    since: [u64; STATES.len()],
}

impl GateMetrics {
    /// The gate is open or shut since then.
    pub(crate) fn is(&self, open: bool, since: SystemTime) {
        let state = usize::from(!open);
        let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        self.since[state].store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        let numbered = state as u64 + 1;
        if self.last.swap(numbered, Ordering::Relaxed) != numbered {
            self.changes[state].increment();
        }
    }

    /// Nobody follows the backend any more.
    pub(crate) fn forget(&self) {
        self.since.iter().for_each(|since| since.store(0, Ordering::Relaxed));
    }

    pub(crate) fn add_to(&self, total: &mut GateTotal) {
        for state in 0..STATES.len() {
            total.changes[state] = total.changes[state].max(self.changes[state].get());
            total.since[state] = total.since[state].max(self.since[state].load(Ordering::Relaxed));
        }
    }
}

impl GateTotal {
    /// Since when it is in this state, in seconds since 1970; 0 if it is in the other one, as Linkerd has it, or unknown.
    fn since(&self, state: usize) -> f64 {
        let [open, shut] = self.since;
        let is_open = open >= shut;
        if is_open == (state == 0) { self.since[state] as f64 / MICROS } else { 0.0 }
    }
}

/// Writes the families of gates; `prefix` is what their names begin with.
pub(crate) fn write(out: &mut Text, prefix: &str, all: &[(&Arc<str>, &GateTotal)]) {
    for (state, word) in STATES.into_iter().enumerate() {
        let name = format!("{prefix}_{word}_total");
        let help = "Times that the first endpoint came (open), or that the last one went (shut)";
        out.family(&name, Kind::Counter, help);
        all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.changes[state]));
        let name = format!("{prefix}_{word}_time_seconds");
        out.family(&name, Kind::Gauge, "Since when there is an endpoint (open) or none (shut), in seconds since 1970");
        all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.since(state)));
    }
}
