//! Whether a balancer has endpoints to choose from, and since when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::counter::Counter;
use crate::text::{Kind, Text};

/// In the order of `GateMetrics`' arrays.
const STATES: [&str; 2] = ["open", "shut"];
const MICROS: f64 = 1e6;

/// One thread's view of one backend: open while there is an endpoint that takes requests.
#[derive(Debug, Default)]
pub(crate) struct GateMetrics {
    changes: [Counter; STATES.len()],
    /// The last change to each state, in microseconds since 1970; 0 before the first one.
    at: [AtomicU64; STATES.len()],
}

/// The views of all threads, which learn of a change one after the other.
#[derive(Debug, Default)]
pub(crate) struct GateTotal {
    changes: [u64; STATES.len()],
    at: [u64; STATES.len()],
}

impl GateMetrics {
    /// The gate opened or shut.
    pub(crate) fn changed(&self, open: bool, now: SystemTime) {
        let state = usize::from(!open);
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        self.at[state].store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.changes[state].increment();
    }

    pub(crate) fn add_to(&self, total: &mut GateTotal) {
        for (state, at) in self.at.iter().enumerate() {
            total.changes[state] += self.changes[state].get();
            total.at[state] = total.at[state].max(at.load(Ordering::Relaxed));
        }
    }
}

impl GateTotal {
    /// When it came into this state, in seconds since 1970; 0 if it is in the other one, as Linkerd has it.
    fn since(&self, state: usize) -> f64 {
        let [open, shut] = self.at;
        let is_open = open >= shut;
        if is_open == (state == 0) { self.at[state] as f64 / MICROS } else { 0.0 }
    }
}

/// Writes the families of gates; `prefix` is what their names begin with.
pub(crate) fn write(out: &mut Text, prefix: &str, all: &[(&Arc<str>, &GateTotal)]) {
    for (state, word) in STATES.into_iter().enumerate() {
        let name = format!("{prefix}_{word}_total");
        let help = "Times that the first endpoint became ready (open), or that the last one went (shut)";
        out.family(&name, Kind::Counter, help);
        all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.changes[state]));
        let name = format!("{prefix}_{word}_time_seconds");
        out.family(&name, Kind::Gauge, "Since when there is an endpoint (open) or none (shut), in seconds since 1970");
        all.iter().for_each(|(labels, total)| out.sample(&name, "", &[labels], total.since(state)));
    }
}
