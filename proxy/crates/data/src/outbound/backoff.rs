//! The pauses between tries.

use std::time::Duration;

use hauberk_core::outbound::Backoff;

/// Each pause is twice the last one, up to a bound, with a share added at random.
#[derive(Default)]
pub(super) struct Pause(Option<Duration>);

impl Pause {
    /// The next pause; `random` is uniform over all values.
    pub(super) fn next(&mut self, backoff: &Backoff, random: u64) -> Duration {
        let pause = self.0.map_or(backoff.min, |last| last * 2).min(backoff.max);
        self.0 = Some(pause);
        let share = f64::from(backoff.jitter.clamp(0.0, 100.0));
        pause + pause.mul_f64(share * (random as f64 / u64::MAX as f64))
    }
}
