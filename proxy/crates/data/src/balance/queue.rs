//! Requests and connections that wait for an endpoint.

use std::sync::Arc;

use hauberk_core::budget::{Budget, Share};
use hauberk_metrics::balancer::{BalancerMetrics, Carries};
use tokio::time::Instant;

use crate::http::error::{ErrorKind, ProxyError};

/// The queue of one backend: as long for all workers together as the settings say.
pub(super) struct Queue {
    places: Budget,
    metrics: Option<Arc<BalancerMetrics>>,
}

/// One of those that wait, until it is dropped.
pub(super) struct Waiting<'a> {
    _place: Share,
    metrics: Option<&'a BalancerMetrics>,
    carries: Carries,
    since: Instant,
}

impl Queue {
    /// With so many places; `metrics`: where it is counted who waits.
    pub(super) fn new(places: Budget, metrics: Option<Arc<BalancerMetrics>>) -> Self {
        Self { places, metrics }
    }

    /// A place for somebody who waits for an endpoint of `backend`, if there is one.
    pub(super) fn enter(&self, backend: &str, carries: Carries) -> Result<Waiting<'_>, ProxyError> {
        let full =
            || ProxyError::new(ErrorKind::LoadShed, format!("too many requests wait for the endpoints of {backend}"));
        let place = self.places.try_take(1).ok_or_else(full)?;
        let metrics = self.metrics.as_deref();
        metrics.iter().for_each(|metrics| metrics.queued(carries));
        Ok(Waiting { _place: place, metrics, carries, since: Instant::now() })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.metrics.iter().for_each(|metrics| metrics.dequeued(self.carries, self.since.elapsed()));
    }
}
