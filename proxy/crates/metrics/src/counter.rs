//! A number that only grows.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::registry::Series;

/// Counts events or bytes. Readers may see two counters a moment apart, never a lost or a doubled event.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// `n` more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Series for Counter {
    type Total = u64;

    fn add_to(&self, total: &mut u64) {
        *total += self.get();
    }

    fn events(&self) -> u64 {
        self.get()
    }
}
