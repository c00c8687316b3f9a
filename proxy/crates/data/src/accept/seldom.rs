//! Warnings that a flood would repeat without end.

use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(10);

/// Lets one of many warnings through every few seconds.
#[derive(Debug, Default)]
pub(super) struct Seldom {
    said: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    /// Whether to say it at `now`: with how often it was left unsaid since the last time.
    pub(super) fn due(&mut self, now: Instant) -> Option<u64> {
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < QUIET) {
            self.unsaid += 1;
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_ten_seconds_is_said_and_the_others_are_counted() {
        let (mut seldom, start) = (Seldom::default(), Instant::now());
        let said: Vec<_> = (0..=20).map(|second| seldom.due(start + Duration::from_secs(second))).collect();
        assert_eq!((said[0], said[10], said[20]), (Some(0), Some(9), Some(9)));
        assert_eq!(said.iter().flatten().count(), 3);
    }
}
