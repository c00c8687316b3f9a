//! Transport connections: how many, how many bytes, how they ended.

use std::io::ErrorKind;
use std::sync::Arc;

use crate::counter::Counter;
use crate::registry::Series;
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

/// One thread's connections with one set of labels. They share no cache line with what another thread counts.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct TransportMetrics {
    opened: Counter,
    closed: [Counter; ENDS.len()],
    read: Counter,
    written: Counter,
}

/// The connections of all threads.
#[derive(Debug, Default)]
pub struct TransportTotal {
    opened: u64,
    closed: [u64; ENDS.len()],
    read: u64,
    written: u64,
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
}

impl Series for TransportMetrics {
    type Total = TransportTotal;

    fn add_to(&self, total: &mut TransportTotal) {
        // An end is read before its beginning, so that there are never more ends.
        for (sum, closed) in total.closed.iter_mut().zip(&self.closed) {
            *sum += closed.get();
        }
        total.opened += self.opened.get();
        total.read += self.read.get();
        total.written += self.written.get();
    }

    fn events(&self) -> u64 {
        self.opened.get()
    }
}

impl TransportTotal {
    /// Bytes that came.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Bytes that went.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    fn open(&self) -> u64 {
        self.opened.saturating_sub(self.closed.iter().sum())
    }
}

/// Writes all families of transports.
pub(crate) fn write(out: &mut Text, all: &[(Arc<str>, TransportTotal)]) {
    let mut family = |name: &str, kind, help: &str, value: &dyn Fn(&TransportTotal) -> u64| {
        out.family(name, kind, help);
        for (labels, total) in all {
            out.sample(name, "", &[labels], value(total));
        }
    };
    family("tcp_open_total", Kind::Counter, "Connections opened", &|t| t.opened);
    family("tcp_open_connections", Kind::Gauge, "Connections open now", &TransportTotal::open);
    family("tcp_read_bytes_total", Kind::Counter, "Bytes read from peers", &|t| t.read);
    family("tcp_write_bytes_total", Kind::Counter, "Bytes written to peers", &|t| t.written);
    out.family("tcp_close_total", Kind::Counter, "Connections closed");
    for (labels, total) in all {
        for ((_, errno), closed) in ENDS.iter().zip(total.closed) {
            if closed > 0 || errno.is_empty() {
                out.sample("tcp_close_total", "", &[labels, &format!("errno=\"{errno}\"")], closed);
            }
        }
    }
}
