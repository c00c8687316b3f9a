//! All counters of the fast path.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::counter::Counter;
use crate::labels::LabelSet;
use crate::registry::Registry;
use crate::response::{self, Names, ResponseMetrics};
use crate::text::{Kind, Text};
use crate::transport::{self, TransportMetrics};

/// Label sets of one family; an edge takes about 1 KB.
pub const SETS_MAX: usize = 2_000;

/// Families of plain counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Requests that an authorization let in.
    InboundHttpAllowed,
    /// Requests that no authorization let in.
    InboundHttpDenied,
    /// Connections that an authorization let in.
    InboundTcpAllowed,
    /// Connections that no authorization let in.
    InboundTcpDenied,
    /// Connections closed because policy changed.
    InboundTcpTerminated,
    /// Requests that this proxy answered with an error, on their way to the program.
    InboundHttpErrors,
    /// Connections to the program that ended by an error.
    InboundTcpErrors,
    /// Requests of the program that this proxy answered with an error.
    OutboundHttpErrors,
    /// Connections of the program that ended by an error.
    OutboundTcpErrors,
}

/// In the order of `Family`.
const FAMILIES: [(&str, &str); 9] = [
    ("inbound_http_authz_allow_total", "Requests that an authorization let in"),
    ("inbound_http_authz_deny_total", "Requests that no authorization let in"),
    ("inbound_tcp_authz_allow_total", "Connections that an authorization let in"),
    ("inbound_tcp_authz_deny_total", "Connections that no authorization let in"),
    ("inbound_tcp_authz_terminate_total", "Connections closed because policy changed"),
    ("inbound_http_errors_total", "Requests to the program that the proxy answered with an error"),
    ("inbound_tcp_errors_total", "Connections to the program that ended by an error"),
    ("outbound_http_errors_total", "Requests of the program that the proxy answered with an error"),
    ("outbound_tcp_errors_total", "Connections of the program that ended by an error"),
];

const NAMES: Names = Names {
    requests: "request_total",
    responses: "response_total",
    latency_ms: "response_latency_ms",
    latency_seconds: Some("hauberk_response_latency_seconds"),
};

/// The counters that all workers share.
#[derive(Debug)]
pub struct DataMetrics {
    edges: Registry<ResponseMetrics>,
    transports: Registry<TransportMetrics>,
    counters: [Registry<Counter>; FAMILIES.len()],
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
            counters: std::array::from_fn(|_| Registry::new(sets)),
        }
    }

    /// The transports with these labels.
    pub fn transport(&self, labels: &LabelSet) -> Arc<TransportMetrics> {
        self.transports.get(labels)
    }

    /// The requests and responses with these labels.
    pub fn edge(&self, labels: &LabelSet) -> Arc<ResponseMetrics> {
        self.edges.get(labels)
    }

    /// The counter of a family with these labels.
    pub fn counter(&self, family: Family, labels: &LabelSet) -> Arc<Counter> {
        self.counters[family as usize].get(labels)
    }

    /// Forgets what nobody used for `idle`.
    pub fn expire(&self, now: Instant, idle: Duration) {
        self.edges.expire(now, idle);
        self.transports.expire(now, idle);
        self.counters.iter().for_each(|counters| counters.expire(now, idle));
    }

    /// Writes all families.
    pub fn write(&self, out: &mut Text) {
        response::write(out, NAMES, &self.edges.all());
        transport::write(out, &self.transports.all());
        for ((name, help), counters) in FAMILIES.iter().zip(&self.counters) {
            out.family(name, Kind::Counter, help);
            for (labels, counter) in counters.all() {
                out.sample(name, "", &[&labels], counter.get());
            }
        }
    }
}
