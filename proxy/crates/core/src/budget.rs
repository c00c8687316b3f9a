//! Room that all workers share: places for connections and requests, bytes of buffers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fixed amount of which shares are taken, exactly: never more than the total is out, whichever threads ask.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Room>);

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    room: Arc<Room>,
    amount: usize,
}

#[derive(Debug)]
struct Room {
    total: usize,
    taken: AtomicUsize,
}

impl Budget {
    /// Nothing taken yet. A total of 0 gives out nothing.
    pub fn new(total: usize) -> Self {
        Self(Arc::new(Room { total, taken: AtomicUsize::new(0) }))
    }

    /// A share, or `None` when less than `amount` is left.
    pub fn try_take(&self, amount: usize) -> Option<Share> {
        self.0.take(amount).then(|| Share { room: self.0.clone(), amount })
    }

    /// How much is out now.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// How much there is in all.
    pub fn total(&self) -> usize {
        self.0.total
    }
}

impl Share {
    /// How much this is.
    pub fn amount(&self) -> usize {
        self.amount
    }

    /// Takes `more` as well; `false`, and nothing changes, when that is not left.
    pub fn try_grow(&mut self, more: usize) -> bool {
        let grown = self.room.take(more);
        if grown {
            self.amount += more;
        }
        grown
    }

    /// Gives back what is beyond `amount`.
    pub fn shrink_to(&mut self, amount: usize) {
        if let Some(beyond) = self.amount.checked_sub(amount) {
            self.room.give_back(beyond);
            self.amount = amount;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.give_back(self.amount);
    }
}

impl Room {
    // The number alone is shared, nothing is published with it, so no order among other memory is needed.
    fn take(&self, amount: usize) -> bool {
        let fits = |taken: usize| taken.checked_add(amount).filter(|sum| *sum <= self.total);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok()
    }

    fn give_back(&self, amount: usize) {
        self.taken.fetch_sub(amount, Ordering::Relaxed);
    }
}
