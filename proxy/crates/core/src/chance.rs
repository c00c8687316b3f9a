//! Choices by a random number that the caller brings.

use std::sync::Arc;

use crate::outbound::{Distribution, RouteBackend};
use crate::route::Ratio;

impl Ratio {
    /// Whether `random`, uniform over all values, falls into the share. A denominator of 0 is no share at all.
    pub fn hits(self, random: u64) -> bool {
        scale(random, u64::from(self.denominator)) < u64::from(self.numerator) && self.denominator > 0
    }
}

impl<F> Distribution<F> {
    /// The backend for a request; `random` is uniform over all values. `None` if there is none, or all weights are 0.
    pub fn pick(&self, random: u64) -> Option<&Arc<RouteBackend<F>>> {
        match self {
            Distribution::Empty => None,
            Distribution::First(backend) => Some(backend),
            Distribution::Weighted(backends) => {
                let total = backends.iter().map(|(_, weight)| u64::from(*weight)).sum();
                let mut point = scale(random, total);
                backends.iter().find_map(|(backend, weight)| {
                    let weight = u64::from(*weight);
                    if point < weight {
                        return Some(backend);
                    }
                    point -= weight;
                    None
                })
            }
        }
    }
}

/// Maps a uniform number to 0..bound.
fn scale(random: u64, bound: u64) -> u64 {
    ((u128::from(random) * u128::from(bound)) >> 64) as u64
}
