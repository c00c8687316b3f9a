//! One limit, by the generic cell rate algorithm (ITU-T I.371): instead of tokens it keeps the time at which all that was
//! admitted would have arrived, had it come evenly. A second's worth may come at once.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

const SECOND: u64 = 1_000_000_000;

/// A rate in the form that the decision needs. Times are nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    rate: NonZeroU32,
    interval: u64,
}

impl Pace {
    /// So many in a second. Intervals are rounded up, so that rounding never admits more.
    pub(super) fn new(rate: NonZeroU32) -> Self {
        Self { rate, interval: SECOND.div_ceil(u64::from(rate.get())) }
    }

    pub(super) fn rate(&self) -> NonZeroU32 {
        self.rate
    }

    /// The state after one more request at `now`, or how long it is too early. `due` is the state before.
    pub(super) fn admit(&self, due: u64, now: u64) -> Result<u64, u64> {
        let next = due.max(now) + self.interval;
        let burst = self.interval * u64::from(self.rate.get());
        match (next - now).checked_sub(burst) {
            None | Some(0) => Ok(next),
            Some(early) => Err(early),
        }
    }
}

/// A limit that any thread may count on.
#[derive(Debug)]
pub(super) struct Bucket {
    pace: Pace,
    due: AtomicU64,
}

impl Bucket {
    pub(super) fn new(rate: NonZeroU32) -> Self {
        Self { pace: Pace::new(rate), due: AtomicU64::new(0) }
    }

    pub(super) fn rate(&self) -> NonZeroU32 {
        self.pace.rate()
    }

    /// Counts a request, or says how many nanoseconds it is too early.
    pub(super) fn take(&self, now: u64) -> Result<(), u64> {
        let mut due = self.due.load(Ordering::Relaxed);
        loop {
            let next = self.pace.admit(due, now)?;
            match self.due.compare_exchange_weak(due, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(changed) => due = changed,
            }
        }
    }

    /// Takes back one request that was counted. Each one moved the time on by an interval at least, so this never goes
    /// below the start.
    pub(super) fn give_back(&self) {
        self.due.fetch_sub(self.pace.interval, Ordering::Relaxed);
    }
}
