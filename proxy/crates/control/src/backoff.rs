//! Growing pauses with some randomness, so that many proxies do not come back in step.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use hauberk_core::outbound::Backoff;

/// The pauses of one effort.
#[derive(Debug)]
pub(crate) struct Pauses {
    backoff: Backoff,
    attempt: u32,
}

impl Pauses {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self { backoff, attempt: 0 }
    }

    /// The effort succeeded: the next pause is a short one.
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// The pause before the next attempt.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.backoff.pause(self.attempt, random());
        self.attempt = self.attempt.saturating_add(1);
        pause
    }
}

/// Uniform over all values; the standard library's hasher keys are its source of randomness.
pub(crate) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Between 0 and 1.
pub(crate) fn random_share() -> f32 {
    f32::from(u16::try_from(random() >> 48).unwrap_or(0)) / f32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over() {
        let (min, max) = (Duration::from_millis(100), Duration::from_millis(350));
        let mut pauses = Pauses::new(Backoff { min, max, jitter: 0.0 });
        let three: Vec<_> = (0..4).map(|_| pauses.next().as_millis()).collect();
        assert_eq!(three, [100, 200, 350, 350]);
        pauses.reset();
        assert_eq!(pauses.next(), min);
    }

    #[test]
    fn jitter_only_adds() {
        let min = Duration::from_millis(100);
        let mut pauses = Pauses::new(Backoff { min, max: min, jitter: 0.5 });
        assert!((0..100).map(|_| pauses.next()).all(|pause| (min..=min * 3 / 2).contains(&pause)));
    }
}
