//! Histograms with the few bounds that Linkerd gives to its newer families.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::text::Text;

/// The most bounds that one of them has.
const BOUNDS_MAX: usize = 7;

/// Upper bounds in microseconds, from the least to the greatest; at most seven.
pub trait Bounds: Debug + Default {
    /// The bounds.
    const MICROS: &'static [u64];
}

/// From a request's head to its response's end, on a route.
#[derive(Debug, Default)]
pub struct OnRoute;

impl Bounds for OnRoute {
    const MICROS: &'static [u64] = &[50_000, 500_000, 1_000_000, 10_000_000];
}

/// The same at a backend or at the program.
#[derive(Debug, Default)]
pub struct AtBackend;

impl Bounds for AtBackend {
    const MICROS: &'static [u64] = &[25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 10_000_000];
}

/// Until it is known what a connection speaks.
#[derive(Debug, Default)]
pub struct Detection;

impl Bounds for Detection {
    const MICROS: &'static [u64] = &[1_000, 100_000];
}

/// Until there is an endpoint for a request.
#[derive(Debug, Default)]
pub struct Queueing;

impl Bounds for Queueing {
    const MICROS: &'static [u64] = &[500, 5_000, 50_000, 500_000, 1_000_000, 3_000_000];
}

/// Durations by the bounds of `B`.
#[derive(Debug, Default)]
pub struct Buckets<B> {
    counts: [AtomicU64; BOUNDS_MAX + 1],
    sum_ns: AtomicU64,
    bounds: PhantomData<B>,
}

/// What such a histogram held; several can be added up.
#[derive(Clone, Debug, Default)]
pub struct BucketsTotal<B> {
    counts: [u64; BOUNDS_MAX + 1],
    sum_ns: u64,
    bounds: PhantomData<B>,
}

impl<B: Bounds> Buckets<B> {
    /// One more observation.
    pub fn observe(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let at = B::MICROS.iter().take_while(|bound| **bound * 1_000 < ns).count();
        self.counts[at.min(BOUNDS_MAX)].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// Observations so far.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Adds its counts.
    pub fn add_to(&self, total: &mut BucketsTotal<B>) {
        for (sum, count) in total.counts.iter_mut().zip(&self.counts) {
            *sum += count.load(Ordering::Relaxed);
        }
        total.sum_ns = total.sum_ns.wrapping_add(self.sum_ns.load(Ordering::Relaxed));
    }
}

impl<B: Bounds> BucketsTotal<B> {
    /// The same observations by the bounds of `C`, all of which are bounds of `B`.
    pub fn regrouped<C: Bounds>(&self) -> BucketsTotal<C> {
        let mut of = BucketsTotal { sum_ns: self.sum_ns, ..BucketsTotal::default() };
        for (at, count) in self.counts.iter().enumerate() {
            let within = |bound: &&u64| B::MICROS.get(at).is_none_or(|micros| **bound < *micros);
            of.counts[C::MICROS.iter().take_while(within).count()] += count;
        }
        of
    }

    /// Writes it in seconds.
    pub fn write(&self, out: &mut Text, name: &str, labels: &str) {
        let mut count = 0;
        for (micros, n) in B::MICROS.iter().zip(self.counts) {
            count += n;
            let le = format!("le=\"{}\"", *micros as f64 / 1e6);
            out.sample(name, "_bucket", &[labels, &le], count);
        }
        count += self.counts.get(B::MICROS.len()).copied().unwrap_or_default();
        out.sample(name, "_bucket", &[labels, "le=\"+Inf\""], count);
        out.sample(name, "_sum", &[labels], self.sum_ns as f64 / 1e9);
        out.sample(name, "_count", &[labels], count);
    }
}
