//! How long a peer may stall that something is waited for: bytes that it announced, or that it takes what it asked for.

use std::time::{Duration, Instant};

/// What was seen of a peer. Whoever waits for it looks from time to time, so that nothing is to be done when bytes pass.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// A number that is another one whenever bytes have passed.
    moved: u64,
    since: Instant,
}

impl Stall {
    /// The peer is waited for from `now` on.
    pub fn new(moved: u64, now: Instant) -> Self {
        Self { moved, since: now }
    }

    /// A look. Returns whether nothing has passed for `limit`, as far as was looked.
    pub fn is_over(&mut self, moved: u64, limit: Duration, now: Instant) -> bool {
        if moved != self.moved {
            *self = Self::new(moved, now);
        }
        now.saturating_duration_since(self.since) >= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(40);

    /// When a peer is given up that moves at these seconds, and is looked at every ten.
    fn end(moves: &[u64]) -> Option<u64> {
        let begun = Instant::now();
        let mut stall = Stall::new(0, begun);
        (0..100).map(|look| look * 10).find(|at| {
            let moved = moves.iter().filter(|moved| *moved <= at).count() as u64;
            stall.is_over(moved, LIMIT, begun + Duration::from_secs(*at))
        })
    }

    #[test]
    fn a_peer_is_given_up_after_the_limit_and_not_before() {
        assert_eq!(end(&[]), Some(40));
        assert_eq!(end(&[11]), Some(60), "seen at 20");
        assert_eq!(end(&[39, 79, 119]), Some(160));
    }

    #[test]
    fn a_limit_that_becomes_shorter_counts_at_once() {
        let begun = Instant::now();
        let mut stall = Stall::new(0, begun);
        assert!(!stall.is_over(0, LIMIT, begun + LIMIT / 2));
        assert!(stall.is_over(0, LIMIT / 4, begun + LIMIT / 2));
    }
}
