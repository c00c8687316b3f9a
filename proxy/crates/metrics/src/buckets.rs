//! Histograms with the few bounds that Linkerd gives to its newer families.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::text::Text;

/// The most bounds that one of them has.
const BOUNDS_MAX: usize = 7;

/// Upper bounds, and what they are of. Where nothing else is said: durations, observed in nanoseconds, with bounds in
/// microseconds, written in seconds.
pub trait Bounds: Debug + Default {
    /// From the least to the greatest; at most seven.
    const UPPER: &'static [u64];
    /// What is observed is so many times finer than a bound.
    const STEP: u64 = 1_000;
    /// And so many times finer than what is written.
    const UNIT: f64 = 1e9;
}

/// From a request's head to its response's end, on a route.
#[derive(Debug, Default)]
pub struct OnRoute;

impl Bounds for OnRoute {
    const UPPER: &'static [u64] = &[50_000, 500_000, 1_000_000, 10_000_000];
}

/// The same at a backend or at the program.
#[derive(Debug, Default)]
pub struct AtBackend;

impl Bounds for AtBackend {
    const UPPER: &'static [u64] = &[25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 10_000_000];
}

/// Until it is known what a connection speaks.
#[derive(Debug, Default)]
pub struct Detection;

impl Bounds for Detection {
    const UPPER: &'static [u64] = &[1_000, 100_000];
}

/// Until there is an endpoint for a request.
#[derive(Debug, Default)]
pub struct Queueing;

impl Bounds for Queueing {
    const UPPER: &'static [u64] = &[500, 5_000, 50_000, 500_000, 1_000_000, 3_000_000];
}

/// Bytes of one piece of a body.
#[derive(Debug, Default)]
pub struct FrameSize;

impl Bounds for FrameSize {
    const UPPER: &'static [u64] = &[128, 1_024, 10_240];
    const STEP: u64 = 1;
    const UNIT: f64 = 1.0;
}

/// Observations by the bounds of `B`.
#[derive(Debug, Default)]
pub struct Buckets<B> {
    counts: [AtomicU64; BOUNDS_MAX + 1],
    sum: AtomicU64,
    bounds: PhantomData<B>,
}

/// What such a histogram held; several can be added up.
#[derive(Clone, Debug, Default)]
pub struct BucketsTotal<B> {
    counts: [u64; BOUNDS_MAX + 1],
    sum: u64,
    bounds: PhantomData<B>,
}

impl<B: Bounds> Buckets<B> {
    /// One more observation of a duration.
    pub fn observe(&self, took: Duration) {
        self.observe_number(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// One more observation, in the unit that is observed.
    pub fn observe_number(&self, seen: u64) {
        let at = B::UPPER.iter().take_while(|bound| **bound * B::STEP < seen).count();
        self.counts[at.min(BOUNDS_MAX)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(seen, Ordering::Relaxed);
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
        total.sum = total.sum.wrapping_add(self.sum.load(Ordering::Relaxed));
    }
}

impl<B: Bounds> BucketsTotal<B> {
    /// The same observations by the bounds of `C`, all of which are bounds of `B`.
    pub fn regrouped<C: Bounds>(&self) -> BucketsTotal<C> {
        let mut of = BucketsTotal { sum: self.sum, ..BucketsTotal::default() };
        for (at, count) in self.counts.iter().enumerate() {
            let within = |bound: &&u64| B::UPPER.get(at).is_none_or(|upper| **bound < *upper);
            of.counts[C::UPPER.iter().take_while(within).count()] += count;
        }
        of
    }

    /// Writes it, durations in seconds.
    pub fn write(&self, out: &mut Text, name: &str, labels: &str) {
        let mut count = 0;
        for (upper, n) in B::UPPER.iter().zip(self.counts) {
            count += n;
            let le = format!("le=\"{}\"", (*upper * B::STEP) as f64 / B::UNIT);
            out.sample(name, "_bucket", &[labels, &le], count);
        }
        count += self.counts.get(B::UPPER.len()).copied().unwrap_or_default();
        out.sample(name, "_bucket", &[labels, "le=\"+Inf\""], count);
        out.sample(name, "_sum", &[labels], self.sum as f64 / B::UNIT);
        out.sample(name, "_count", &[labels], count);
    }
}
