//! Counts what connections turned out to carry.

use std::io;

use hauberk_core::detect::Detected;
use hauberk_metrics::detection::Found;
use hauberk_metrics::families::{DataMetrics, Direction};
use tokio::time::Instant;

use crate::sniff::Sniffed;

/// The detection that began at `began` came to this.
pub(crate) fn count(
    metrics: &DataMetrics,
    direction: Direction,
    sniffed: &io::Result<Sniffed<Detected>>,
    began: Instant,
) {
    let found = match sniffed {
        Ok(Sniffed::Decided(Detected::Http1)) => Found::Http1,
        Ok(Sniffed::Decided(Detected::Http2)) => Found::Http2,
        Ok(Sniffed::Decided(_) | Sniffed::Ended) => Found::NotHttp,
        Ok(Sniffed::TimedOut) => Found::TimedOut,
        Err(_) => Found::Failed,
    };
    metrics.detection(direction).done(found, began.elapsed());
}
