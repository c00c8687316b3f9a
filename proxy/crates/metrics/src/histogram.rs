//! How long things took, by upper bounds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::text::Text;

/// Upper bounds in microseconds. From 1 ms on they are Linkerd's; a hop within one machine needs finer ones below.
const BOUNDS_US: [u64; 32] = [
    50, 100, 150, 200, 300, 500, 700, 1_000, 2_000, 3_000, 4_000, 5_000, 10_000, 20_000, 30_000, 40_000, 50_000,
    100_000, 200_000, 300_000, 400_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000, 10_000_000,
    20_000_000, 30_000_000, 40_000_000, 50_000_000,
];

const LINKERD_MIN_US: u64 = 1_000;
const FINE_MAX_US: u64 = 10_000_000;

/// Latencies. One observation serves both families that are written from it.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS_US.len()],
    beyond: AtomicU64,
    sum_ns: AtomicU64,
}

/// What a histogram held at one moment; several can be added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    buckets: [u64; BOUNDS_US.len()],
    beyond: u64,
    sum_ns: u64,
}

impl Histogram {
    /// One more observation.
    pub fn observe(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let at = BOUNDS_US.partition_point(|bound| bound * 1_000 < ns);
        self.buckets.get(at).unwrap_or(&self.beyond).fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// The counts now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            buckets: std::array::from_fn(|i| self.buckets[i].load(Ordering::Relaxed)),
            beyond: self.beyond.load(Ordering::Relaxed),
            sum_ns: self.sum_ns.load(Ordering::Relaxed),
        }
    }
}

impl Snapshot {
    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Snapshot) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += theirs;
        }
        self.beyond += other.beyond;
        self.sum_ns = self.sum_ns.wrapping_add(other.sum_ns);
    }

    /// Writes it with Linkerd's bounds, in milliseconds.
    pub fn write_ms(&self, out: &mut Text, name: &str, labels: &[&str]) {
        let shown = |us| us >= LINKERD_MIN_US;
        self.write(out, name, labels, shown, |us| (us / 1_000).to_string(), 1e6);
    }

    /// Writes it in seconds, from 50 µs to 10 s.
    pub fn write_seconds(&self, out: &mut Text, name: &str, labels: &[&str]) {
        let shown = |us| us <= FINE_MAX_US;
        self.write(out, name, labels, shown, |us| (us as f64 / 1e6).to_string(), 1e9);
    }

    fn write(
        &self,
        out: &mut Text,
        name: &str,
        labels: &[&str],
        shown: impl Fn(u64) -> bool,
        bound: impl Fn(u64) -> String,
        unit_ns: f64,
    ) {
        let labels = labels.join(",");
        let mut count = 0;
        for (us, n) in BOUNDS_US.iter().zip(self.buckets) {
            count += n;
            if shown(*us) {
                out.sample(name, "_bucket", &[&labels, &format!("le=\"{}\"", bound(*us))], count);
            }
        }
        count += self.beyond;
        out.sample(name, "_bucket", &[&labels, "le=\"+Inf\""], count);
        out.sample(name, "_sum", &[&labels], self.sum_ns as f64 / unit_ns);
        out.sample(name, "_count", &[&labels], count);
    }
}
