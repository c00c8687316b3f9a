//! Transport connections: how many, how many bytes, how they ended.

use std::io::ErrorKind;
use std::sync::Arc;

use crate::counter::Counter;
use crate::text::{Kind, Text};

/// How a connection can end, with the value of the `errno` label: empty for an orderly end, else the system's name.
const ENDS: [(Option<ErrorKind>, &str); 8] = [
    (None, ""),
    (Some(ErrorKind::ConnectionReset), "ECONNRESET"),
    (Some(ErrorKind::BrokenPipe), "EPIPE"),
    (Some(ErrorKind::TimedOut), "ETIMEDOUT"),
    (Some(ErrorKind::ConnectionAborted), "ECONNABORTED"),
    (Some(ErrorKind::NotConnected), "ENOTCONN"),
    (Some(ErrorKind::HostUnreachable), "EHOSTUNREACH"),
    (Some(ErrorKind::Other), "UNEXPECTED"),
];

/// The connections with one set of labels.
#[derive(Debug, Default)]
pub struct TransportMetrics {
    opened: Counter,
    closed: [Counter; ENDS.len()],
    read: Counter,
    written: Counter,
}

impl TransportMetrics {
    /// A connection began.
    pub fn opened(&self) {
        self.opened.increment();
    }

    /// A connection ended, with the last error that it met.
    pub fn closed(&self, error: Option<ErrorKind>) {
        let end = ENDS.iter().position(|(kind, _)| *kind == error).unwrap_or(ENDS.len() - 1);
        self.closed[end].increment();
    }

    /// Bytes came from the peer.
    pub fn read(&self, bytes: u64) {
        self.read.add(bytes);
    }

    /// Bytes went to the peer.
    pub fn written(&self, bytes: u64) {
        self.written.add(bytes);
    }

    /// Connections that are open now.
    pub fn open(&self) -> u64 {
        let closed: u64 = self.closed.iter().map(Counter::get).sum();
        self.opened.get().saturating_sub(closed)
    }
}

/// Writes all families of transports.
pub(crate) fn write(out: &mut Text, all: &[(Arc<str>, Arc<TransportMetrics>)]) {
    let mut family = |name: &str, kind, help: &str, value: &dyn Fn(&TransportMetrics) -> u64| {
        out.family(name, kind, help);
        for (labels, series) in all {
            out.sample(name, "", &[labels], value(series));
        }
    };
    family("tcp_open_total", Kind::Counter, "Connections opened", &|s| s.opened.get());
    family("tcp_open_connections", Kind::Gauge, "Connections open now", &TransportMetrics::open);
    family("tcp_read_bytes_total", Kind::Counter, "Bytes read from peers", &|s| s.read.get());
    family("tcp_write_bytes_total", Kind::Counter, "Bytes written to peers", &|s| s.written.get());
    out.family("tcp_close_total", Kind::Counter, "Connections closed");
    for (labels, series) in all {
        for ((_, errno), closed) in ENDS.iter().zip(&series.closed) {
            if closed.get() > 0 || errno.is_empty() {
                out.sample("tcp_close_total", "", &[labels, &format!("errno=\"{errno}\"")], closed.get());
            }
        }
    }
}
