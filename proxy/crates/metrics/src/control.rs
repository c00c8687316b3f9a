//! The proxy as a client of the control plane: calls, refused views, and how old the accepted ones are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::counter::Counter;
use crate::labels::LabelSet;
use crate::registry::Registry;
use crate::resolutions::Resolutions;
use crate::response::{self, Names, ResponseMetrics};
use crate::text::{Kind, Text};

/// A proxy speaks to a handful of addresses of three services.
const PEERS_MAX: usize = 64;

const NAMES: Names = Names {
    requests: "control_request_total",
    responses: "control_response_total",
    latency_ms: "control_response_latency_ms",
    latency_seconds: None,
};

/// Counters of the control plane's client.
#[derive(Debug)]
pub struct ControlMetrics {
    peers: Registry<ResponseMetrics>,
    rejected: Registry<Counter>,
    confirmed: Mutex<Option<Confirmed>>,
    resolutions: Arc<Resolutions>,
}

#[derive(Clone, Copy, Debug)]
struct Confirmed {
    at: Instant,
    revision: u64,
}

impl Default for ControlMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl ControlMetrics {
    /// Nothing happened yet.
    pub fn new() -> Self {
        Self {
            peers: Registry::new(PEERS_MAX),
            rejected: Registry::new(PEERS_MAX),
            confirmed: Mutex::default(),
            resolutions: Arc::default(),
        }
    }

    /// Where names that are looked up are counted.
    pub fn resolutions(&self) -> &Arc<Resolutions> {
        &self.resolutions
    }

    /// Calls to one address of the control plane, with the identity it must prove (`None`: without TLS).
    pub fn peer(&self, addr: &str, server_id: Option<&str>) -> Arc<ResponseMetrics> {
        let labels = LabelSet::new().with("addr", addr);
        self.peers.get(&match server_id {
            Some(id) => labels.with("tls", "true").with("server_id", id),
            None => labels.with("tls", "disabled"),
        })
    }

    /// An answer of this service made no sense: the last good view stays in force.
    pub fn view_rejected(&self, service: &str) {
        self.rejected.get(&LabelSet::new().with("service", service)).increment();
    }

    /// The control plane confirmed that the proxy has seen everything up to `revision`.
    pub fn view_confirmed(&self, revision: u64, now: Instant) {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Confirmed { at: now, revision });
    }

    /// How long ago the views were last confirmed; `None` before the first time.
    pub fn view_age(&self, now: Instant) -> Option<Duration> {
        self.confirmed().map(|confirmed| now.saturating_duration_since(confirmed.at))
    }

    /// Forgets peers that nobody used for `idle`. What was refused is never forgotten.
    pub fn expire(&self, now: Instant, idle: Duration) {
        self.peers.expire(now, idle);
    }

    /// Writes all families; the age of the views is as of `now`.
    pub fn write(&self, out: &mut Text, now: Instant) {
        response::write(out, NAMES, &self.peers.totals());
        self.resolutions.write(out);
        let name = "hauberk_view_rejected_total";
        out.family(name, Kind::Counter, "Answers of the control plane that made no sense and were not used");
        for (labels, rejected) in self.rejected.totals() {
            out.sample(name, "", &[&labels], rejected);
        }
        let (Some(confirmed), Some(age)) = (self.confirmed(), self.view_age(now)) else { return };
        let help = "Seconds since the control plane last confirmed what the proxy acts on";
        out.single("hauberk_view_age_seconds", Kind::Gauge, help, age.as_secs_f64());
        let help = "The revision of the mesh's state that the proxy acts on";
        out.single("hauberk_view_revision", Kind::Gauge, help, confirmed.revision);
    }

    fn confirmed(&self) -> Option<Confirmed> {
        *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
