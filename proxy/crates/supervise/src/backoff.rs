//! Pauses that grow while something keeps failing.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// Doubles from `min` to `max`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    next: Duration,
}

impl Backoff {
    pub(crate) const fn new(min: Duration, max: Duration) -> Self {
        Self { min, max, next: min }
    }

    /// The next pause, up to a quarter of it taken off by `random`, so that many do not come back at once.
    pub(crate) fn pause(&mut self, random: u32) -> Duration {
        let pause = self.next;
        self.next = (self.next * 2).min(self.max);
        pause - (pause / 4).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }

    /// It worked: the next failure is a first one.
    pub(crate) fn reset(&mut self) {
        self.next = self.min;
    }
}

/// Random enough to spread retries and to be no guess from outside; not for keys.
pub(crate) fn random() -> u32 {
    // Each state has keys of its own from the system's generator.
    (RandomState::new().hash_one(()) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_their_maximum_and_start_over_after_success() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        let mut pauses = || backoff.pause(0).as_millis();
        assert_eq!([pauses(), pauses(), pauses(), pauses()], [100, 200, 350, 350]);
        backoff.reset();
        assert_eq!(backoff.pause(0).as_millis(), 100);
    }

    #[test]
    fn randomness_takes_off_a_quarter_at_most() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(100));
        assert_eq!(backoff.pause(u32::MAX).as_millis(), 75);
    }
}
