//! How it was found out whether connections carry HTTP.

use std::sync::Arc;
use std::time::Duration;

use crate::buckets::{Buckets, BucketsTotal, Detection};
use crate::counter::Counter;
use crate::registry::Series;
use crate::text::{Kind, Text};

/// What was found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Bytes that are no HTTP.
    NotHttp,
    /// HTTP/1.
    Http1,
    /// HTTP/2.
    Http2,
    /// The client did not say enough in time.
    TimedOut,
    /// The connection failed.
    Failed,
}

/// In the order of `Found`, as the label `result`.
const RESULTS: [&str; 5] = ["not_http", "http/1", "http/2", "read_timeout", "error"];

/// One thread's detections of one direction.
#[derive(Debug, Default)]
pub struct DetectMetrics {
    durations: Buckets<Detection>,
    results: [Counter; RESULTS.len()],
}

/// The detections of all threads.
#[derive(Debug, Default)]
pub struct DetectTotal {
    durations: BucketsTotal<Detection>,
    results: [u64; RESULTS.len()],
}

impl DetectMetrics {
    /// It took so long.
    pub fn done(&self, found: Found, took: Duration) {
        self.durations.observe(took);
        self.results[found as usize].increment();
    }
}

impl Series for DetectMetrics {
    type Total = DetectTotal;

    fn add_to(&self, total: &mut DetectTotal) {
        self.durations.add_to(&mut total.durations);
        total.results.iter_mut().zip(&self.results).for_each(|(sum, counter)| *sum += counter.get());
    }

    fn events(&self) -> u64 {
        self.durations.count()
    }
}

/// Writes the families of one direction; `prefix` is what their names begin with.
pub(crate) fn write(out: &mut Text, prefix: &str, all: &[(Arc<str>, DetectTotal)]) {
    let name = format!("{prefix}_tcp_detect_http_duration_seconds");
    out.family(&name, Kind::Histogram, "Seconds until it was known what a connection carries");
    all.iter().for_each(|(labels, total)| total.durations.write(out, &name, labels));
    let name = format!("{prefix}_tcp_detect_http_results_total");
    out.family(&name, Kind::Counter, "What connections turned out to carry");
    for (labels, total) in all {
        for (result, count) in RESULTS.iter().zip(total.results) {
            out.sample(&name, "", &[labels, &format!("result=\"{result}\"")], count);
        }
    }
}
