//! How many requests in a second a port takes, in all and of each client.
//!
//! The rules are those of Linkerd's `HTTPLocalRateLimitPolicy`: first the total; then the override that names the client,
//! which stands in place of the limit of each identity; clients without an identity share one.

mod bucket;
mod clients;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::identity::{ClientTls, Id};
use crate::meta::Meta;
use bucket::Bucket;
use clients::Clients;

/// What policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Where it comes from, if the control plane says so.
    pub meta: Option<Arc<Meta>>,
    /// Requests in a second, of all clients together.
    pub total: Option<NonZeroU32>,
    /// Requests in a second of each client.
    pub identity: Option<NonZeroU32>,
    /// Clients with a limit of their own. Where two name a client, the last one holds.
    pub overrides: Vec<Override>,
}

/// A limit of some clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Requests in a second, of these clients together.
    pub rate: NonZeroU32,
    /// Whole names, DNS in lower case or SPIFFE.
    pub clients: Vec<Arc<str>>,
}

/// The rates of a port with what is left of them. All workers share one, and the state goes from one version of a policy
/// to the next, so that a limit holds whatever else changes.
#[derive(Debug)]
pub struct Limits {
    rates: Rates,
    /// Times count from here.
    epoch: Instant,
    total: Option<Arc<Bucket>>,
    overrides: HashMap<Arc<str>, Arc<Bucket>>,
    clients: Option<Arc<Clients>>,
}

/// A request came too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// Whose limit it is.
    pub scope: Scope,
    /// When another try can succeed, if nobody else comes first.
    pub retry_after: Duration,
}

/// Whose limit a request met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of all clients.
    Total,
    /// That of the client, by override or not.
    Identity,
}

impl Scope {
    /// Its value in the label `ratelimit_scope` of `inbound_http_local_ratelimit_total`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Total => "total",
            Scope::Identity => "identity",
        }
    }
}

impl Exceeded {
    /// The value of `retry-after`: whole seconds, at least one (RFC 9110, 10.2.3).
    pub fn retry_after_seconds(&self) -> u64 {
        let whole = self.retry_after.as_secs();
        (whole + u64::from(self.retry_after.subsec_nanos() > 0)).max(1)
    }
}

impl Limits {
    /// The limits of a policy that replaces the one with `held`: each rate that it had too goes on as it stands, the
    /// others begin unused at `now`.
    pub fn new(rates: Rates, held: Option<&Limits>, now: Instant) -> Self {
        let total = rates.total.map(|rate| held.and_then(|held| held.kept_total(rate)).unwrap_or_else(|| fresh(rate)));
        let clients = rates.identity.map(|rate| {
            let kept = held.and_then(|held| held.clients.clone()).filter(|clients| clients.rate() == rate);
            kept.unwrap_or_else(|| Arc::new(Clients::new(rate)))
        });
        let mut overrides = HashMap::new();
        for of in &rates.overrides {
            let kept = held.and_then(|held| held.kept_override(of));
            let bucket = kept.unwrap_or_else(|| fresh(of.rate));
            overrides.extend(of.clients.iter().map(|client| (client.clone(), bucket.clone())));
        }
        Self { rates, epoch: held.map_or(now, |held| held.epoch), total, overrides, clients }
    }

    /// What policy says.
    pub fn rates(&self) -> &Rates {
        &self.rates
    }

    /// Counts a request of `client` that arrives at `now`, or says which limit it meets. A request that is refused takes
    /// nothing of any limit: a client that ignores its own leaves the total to others.
    pub fn admit(&self, client: &ClientTls, now: Instant) -> Result<(), Exceeded> {
        let since = now.saturating_duration_since(self.epoch).as_nanos();
        let now = u64::try_from(since).unwrap_or(u64::MAX / 2);
        if let Some(total) = &self.total {
            total.take(now).map_err(|wait| exceeded(Scope::Total, wait))?;
        }
        self.admit_client(client, now).map_err(|wait| {
            if let Some(total) = &self.total {
                total.give_back();
            }
            exceeded(Scope::Identity, wait)
        })
    }

    fn admit_client(&self, client: &ClientTls, now: u64) -> Result<(), u64> {
        if let Some(bucket) = self.override_of(client) {
            return bucket.take(now);
        }
        match &self.clients {
            Some(clients) => clients.take(identity(client), now),
            None => Ok(()),
        }
    }

    /// By any of the client's names, as authorizations match.
    fn override_of(&self, client: &ClientTls) -> Option<&Bucket> {
        let ClientTls::Identified { id, also } = client else { return None };
        if self.overrides.is_empty() {
            return None;
        }
        std::iter::once(id).chain(also.iter()).find_map(|id| self.overrides.get(id.as_str())).map(|bucket| &**bucket)
    }

    fn kept_total(&self, rate: NonZeroU32) -> Option<Arc<Bucket>> {
        self.total.clone().filter(|bucket| bucket.rate() == rate)
    }

    /// The state of an override of the same rate that had one of the clients already.
    fn kept_override(&self, of: &Override) -> Option<Arc<Bucket>> {
        of.clients.iter().find_map(|client| self.overrides.get(client).filter(|b| b.rate() == of.rate).cloned())
    }
}

fn fresh(rate: NonZeroU32) -> Arc<Bucket> {
    Arc::new(Bucket::new(rate))
}

fn identity(client: &ClientTls) -> Option<&Id> {
    match client {
        ClientTls::Identified { id, .. } => Some(id),
        ClientTls::Plain | ClientTls::Anonymous => None,
    }
}

fn exceeded(scope: Scope, wait: u64) -> Exceeded {
    Exceeded { scope, retry_after: Duration::from_nanos(wait) }
}
