//! The whole page that a scraper reads.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::control::ControlMetrics;
use crate::families::DataMetrics;
use crate::identity::IdentityMetrics;
use crate::process::{Build, Process, Tls};
use crate::text::{Format, Text};

/// Everything that the proxy counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// The fast path.
    pub data: Arc<DataMetrics>,
    /// The client of the control plane.
    pub control: Arc<ControlMetrics>,
    /// The workload's certificate.
    pub identity: Arc<IdentityMetrics>,
    process: Process,
}

impl Metrics {
    /// Nothing counted yet, in a process that began at `started`.
    pub fn new(build: Build, tls: Tls, started: SystemTime) -> Self {
        let control = ControlMetrics::new();
        Self {
            data: Arc::default(),
            identity: Arc::new(IdentityMetrics::resolving(control.resolutions().clone())),
            control: Arc::new(control),
            process: Process::new(build, tls, started),
        }
    }

    /// The page as of `now`, which is the same moment by both clocks.
    pub fn render(&self, format: Format, now: Instant, wall: SystemTime) -> String {
        let mut out = Text::of(format);
        self.data.write(&mut out);
        self.control.write(&mut out, now);
        self.identity.write(&mut out);
        self.process.write(&mut out, wall);
        out.finish()
    }

    /// Forgets the series that nobody used for `idle`. To be called regularly, scraped or not.
    pub fn expire(&self, now: Instant, idle: Duration) {
        self.data.expire(now, idle);
        self.control.expire(now, idle);
    }
}
