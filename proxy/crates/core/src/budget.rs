//! Room that all workers share: places for connections and requests, bytes of buffers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fixed amount of which shares are taken, exactly: never more than the total is out, whichever threads ask.
#[derive(Clone, Debug)]
pub struct Budget {
    room: Arc<Room>,
    /// How much may be out when a share is taken here.
    total: usize,
}

/// A part of a budget, given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    of: Budget,
    amount: usize,
}

/// What has been taken of a budget.
#[derive(Debug)]
pub(crate) struct Room {
    total: usize,
    taken: AtomicUsize,
    /// What this is the part of one client of.
    within: Option<Budget>,
}

impl Budget {
    /// Nothing taken yet. A total of 0 gives out nothing.
    pub fn new(total: usize) -> Self {
        Self::of(Arc::new(Room::new(total)))
    }

    pub(crate) fn of(room: Arc<Room>) -> Self {
        Self { total: room.total, room }
    }

    /// The same budget for those who can do without: what is beyond `total` is left to the others.
    #[must_use]
    pub fn up_to(&self, total: usize) -> Self {
        Self { room: self.room.clone(), total: total.min(self.total) }
    }

    /// The same budget with all that there is.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self { room: self.room.clone(), total: self.room.total }
    }

    /// The part of one of the clients that share this budget. It may come to be as large as what it leaves to the others:
    /// half of all for a client that comes first, half of the rest for the next one. So a few that want everything never
    /// get it.
    ///
    /// This is the dynamic threshold of Choudhury and Hahne ("Dynamic queue length thresholds for shared-memory packet
    /// switches", 1998) with a factor of one.
    #[must_use]
    pub fn part(&self) -> Self {
        Self::of(Arc::new(Room::part_of(self)))
    }

    /// A share, or `None` when less than `amount` is left.
    pub fn try_take(&self, amount: usize) -> Option<Share> {
        self.take(amount).then(|| Share { of: self.clone(), amount })
    }

    /// A share of nothing, which may grow.
    pub fn none(&self) -> Share {
        Share { of: self.clone(), amount: 0 }
    }

    /// How much is out now.
    pub fn taken(&self) -> usize {
        self.room.taken.load(Ordering::Relaxed)
    }

    /// How much can still be taken here.
    pub fn left(&self) -> usize {
        self.room.most(self.total).saturating_sub(self.taken())
    }

    /// How much there is in all.
    pub fn total(&self) -> usize {
        self.total
    }

    // The numbers alone are shared, nothing is published with them, so no order among other memory is needed.
    fn take(&self, amount: usize) -> bool {
        let (room, most) = (&self.room, self.room.most(self.total));
        let fits = |taken: usize| taken.checked_add(amount).filter(|sum| *sum <= most);
        if room.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
            return false;
        }
        let taken = room.within.as_ref().is_none_or(|all| all.take(amount));
        if !taken {
            room.taken.fetch_sub(amount, Ordering::Relaxed);
        }
        taken
    }
}

impl Share {
    /// How much this is.
    pub fn amount(&self) -> usize {
        self.amount
    }

    /// Takes `more` as well; `false`, and nothing changes, when that is not left.
    pub fn try_grow(&mut self, more: usize) -> bool {
        let grown = self.of.take(more);
        if grown {
            self.amount += more;
        }
        grown
    }

    /// Gives back what is beyond `amount`.
    pub fn shrink_to(&mut self, amount: usize) {
        if let Some(beyond) = self.amount.checked_sub(amount) {
            self.of.room.give_back(beyond);
            self.amount = amount;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.room.give_back(self.amount);
    }
}

impl Room {
    /// Of a budget by itself.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, taken: AtomicUsize::new(0), within: None }
    }

    /// The part of one client of a budget, see [`Budget::part`].
    pub(crate) fn part_of(all: &Budget) -> Self {
        Self { total: all.total, taken: AtomicUsize::new(0), within: Some(all.clone()) }
    }

    /// How much may be out, where it would be `total` for a client that is not held to its part.
    fn most(&self, total: usize) -> usize {
        self.within.as_ref().map_or(total, |all| total.min(all.left()))
    }

    fn give_back(&self, amount: usize) {
        self.taken.fetch_sub(amount, Ordering::Relaxed);
        if let Some(all) = &self.within {
            all.room.give_back(amount);
        }
    }
}
