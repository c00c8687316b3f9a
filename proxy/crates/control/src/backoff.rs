//! Growing pauses with some randomness, so that many proxies do not come back in step.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use hauberk_core::outbound::Backoff;

/// The pauses of one effort.
#[derive(Debug)]
pub(crate) struct Pauses {
    backoff: Backoff,
    next: Duration,
}

impl Pauses {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self { backoff, next: backoff.min }
    }

    /// The effort succeeded: the next pause is a short one.
    pub(crate) fn reset(&mut self) {
        self.next = self.backoff.min;
    }

    /// The pause before the next attempt.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).clamp(self.backoff.min, self.backoff.max);
        pause + pause.mul_f32(self.backoff.jitter.clamp(0.0, 100.0) * random_share())
    }
}

/// Between 0 and 1; the standard library's hasher keys are its source of randomness.
pub(crate) fn random_share() -> f32 {
    let bits = RandomState::new().build_hasher().finish();
    f32::from(u16::try_from(bits >> 48).unwrap_or(0)) / f32::from(u16::MAX)
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
