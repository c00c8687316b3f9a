//! The share of successes of the recent time.

use std::time::Instant;

use crate::outbound::SuccessRate;

/// Parts of the time over which a share of successes is counted: what is older falls out part by part.
const PARTS: usize = 10;

/// Successes and requests of the recent time.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    parts: [(u32, u32); PARTS],
    begun: Instant,
    /// The part, counted from `begun`, that is filled now.
    part: u128,
}

impl Recent {
    /// Nothing yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { parts: [(0, 0); PARTS], begun: now, part: 0 }
    }

    /// One request more, at `now`; what is older than the window is forgotten.
    pub(super) fn count(&mut self, rate: &SuccessRate, success: bool, now: Instant) {
        let length = (rate.window.as_nanos() / PARTS as u128).max(1);
        let part = now.saturating_duration_since(self.begun).as_nanos() / length;
        let passed = part.saturating_sub(self.part).min(PARTS as u128);
        for step in 1..=passed {
            self.parts[((self.part + step) % PARTS as u128) as usize] = (0, 0);
        }
        if passed == PARTS as u128 {
            self.parts = [(0, 0); PARTS];
        }
        self.part = self.part.max(part);
        let (successes, requests) = &mut self.parts[(self.part % PARTS as u128) as usize];
        *successes = successes.saturating_add(u32::from(success));
        *requests = requests.saturating_add(1);
    }

    /// Whether too few succeeded, of enough to say so.
    pub(super) fn is_below(&self, rate: &SuccessRate) -> bool {
        let (successes, requests) = self.parts.iter().fold((0u64, 0u64), |(successes, requests), part| {
            (successes + u64::from(part.0), requests + u64::from(part.1))
        });
        requests > 0
            && requests >= u64::from(rate.min_requests)
            && (successes as f64) < rate.threshold * (requests as f64)
    }
}
