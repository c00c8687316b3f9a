//! How many frames of a kind a peer may send for nothing.

use std::time::{Duration, Instant};

/// After this long a peer that has none left gets all of them again.
const REFILL: Duration = Duration::from_secs(5);

/// The peer sends more frames without use than any program needs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a flood of frames")]
pub struct Flood;

/// Frames that may still come: each costs some, and what gives them a use earns some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    left: u32,
    most: u32,
    refilled: Instant,
}

impl Allowance {
    /// `most` at once.
    pub(super) fn of(most: u32, now: Instant) -> Self {
        Self { left: most, most, refilled: now }
    }

    /// So many more have a use.
    pub(super) fn earn(&mut self, frames: usize) {
        let frames = u32::try_from(frames).unwrap_or(self.most);
        self.left = self.left.saturating_add(frames).min(self.most);
    }

    /// Frames that count as `cost` came.
    pub(super) fn spend(&mut self, cost: u32, now: Instant) -> Result<(), Flood> {
        if self.left < cost && now.saturating_duration_since(self.refilled) >= REFILL {
            self.refilled = now;
            self.left = self.most;
        }
        self.left = self.left.checked_sub(cost).ok_or(Flood)?;
        Ok(())
    }
}
