//! What choices among backends and endpoints rest on.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hauberk_core::balance::{PeakEwma, weighted};

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] = &[("balance-request", request), ("balance-weights", weights)];

/// What one request takes of two endpoints: both estimates, and the latency of the one that was chosen.
fn request() -> Work {
    let mut now = Instant::now();
    let mut endpoints = [PeakEwma::new(Duration::from_secs(10)), PeakEwma::new(Duration::from_secs(10))];
    endpoints.iter_mut().for_each(|endpoint| endpoint.observe(Duration::from_millis(1), now));
    Box::new(move || {
        now += Duration::from_micros(100);
        let [a, b] = black_box(&mut endpoints);
        let chosen = if a.estimate(now) <= b.estimate(now) { a } else { b };
        chosen.observe(black_box(Duration::from_micros(900)), now);
    })
}

fn weights() -> Work {
    let (weights, mut random) = ([90_u32, 5, 4, 1], 0_u64);
    Box::new(move || {
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        assert!(weighted(black_box(&weights), random).is_some());
    })
}
