//! The workload's certificate: until when it is valid, and how its renewals went.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::counter::Counter;
use crate::resolutions::Resolutions;
use crate::text::{Kind, Text};

/// Counters of the client that asks for certificates.
#[derive(Debug, Default)]
pub struct IdentityMetrics {
    current: Mutex<Option<Current>>,
    renewed: Counter,
    failed: Counter,
    roots_changed: Counter,
    roots_refused: Counter,
    resolutions: Arc<Resolutions>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    expires: SystemTime,
    since: SystemTime,
}

impl IdentityMetrics {
    /// No certificate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same; names that are looked up are counted in `resolutions`.
    pub fn resolving(resolutions: Arc<Resolutions>) -> Self {
        Self { resolutions, ..Self::default() }
    }

    /// Where names that are looked up are counted; whoever made it writes it.
    pub fn resolutions(&self) -> &Arc<Resolutions> {
        &self.resolutions
    }

    /// A certificate came, valid until `expires`.
    pub fn renewed(&self, expires: SystemTime, now: SystemTime) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Current { expires, since: now });
        self.renewed.increment();
    }

    /// A request for a certificate was refused or failed.
    pub fn failed(&self) {
        self.failed.increment();
    }

    /// Other trust roots came into force.
    pub fn roots_changed(&self) {
        self.roots_changed.increment();
    }

    /// Trust roots that were to come into force could not be read.
    pub fn roots_refused(&self) {
        self.roots_refused.increment();
    }

    /// Writes all families, under Linkerd's present names and the ones that older alerts watch.
    pub fn write(&self, out: &mut Text) {
        if let Some(current) = *self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            let (expires, since) = (unix_seconds(current.expires), unix_seconds(current.since));
            let help = "When the certificate expires, in seconds since 1970";
            out.single("control_identity_cert_expiration_timestamp_seconds", Kind::Gauge, help, expires);
            out.single("identity_cert_expiration_timestamp_seconds", Kind::Gauge, help, expires);
            let help = "When the certificate came, in seconds since 1970";
            out.single("control_identity_cert_refresh_timestamp_seconds", Kind::Gauge, help, since);
        }
        let name = "control_identity_cert_refreshes_total";
        out.family(name, Kind::Counter, "Requests for a certificate");
        out.sample(name, "", &["result=\"ok\""], self.renewed.get());
        out.sample(name, "", &["result=\"error\""], self.failed.get());
        let name = "hauberk_trust_roots_changes_total";
        out.family(name, Kind::Counter, "Changes of the file with the trust roots");
        out.sample(name, "", &["result=\"ok\""], self.roots_changed.get());
        out.sample(name, "", &["result=\"error\""], self.roots_refused.get());
        let help = "Certificates that came";
        out.single("identity_cert_refresh_count", Kind::Counter, help, self.renewed.get());
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
