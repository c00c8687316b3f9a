//! How much a peer may send ahead: enough that neither the distance nor a stalled reader holds a connection up, and all
//! connections together within a budget.

use crate::budget::{Budget, Share};

/// What each connection may always send ahead (the protocol's own beginning, RFC 9113, 6.9.2).
const LEAST: u32 = 65_535;
/// What a connection gets at its start, if the budget has it.
const START: u32 = 1024 * 1024;
/// Windows grow and shrink in such steps, so that they rarely do.
const STEP: u32 = 512 * 1024;
/// The part of what the budget has that windows leave to its other users, such as bodies kept for another try: windows are for
/// speed, and what they would need more of is what a crowd of stalled readers takes first.
const LEFT: usize = 4;
/// The window that one stream may grow to.
const STREAM_MAX: u32 = 8 * 1024 * 1024;

/// The windows of one connection.
#[derive(Debug)]
pub struct Windows {
    budget: Budget,
    share: Option<Share>,
    /// Of each stream.
    stream: u32,
    stream_start: u32,
    /// The most that a stream of this connection ever proved to need.
    learned: u32,
    connection: u32,
    connection_max: u32,
}

impl Windows {
    /// Windows of a connection that begins: `stream` for each of its streams, and never more than `connection` in all.
    pub fn new(budget: &Budget, stream: u32, connection: u32) -> Self {
        let mut windows = Self {
            budget: budget.up_to(budget.total() - budget.total() / LEFT),
            share: None,
            stream,
            stream_start: stream,
            learned: stream,
            connection: LEAST,
            connection_max: connection.max(LEAST),
        };
        windows.resize(START.max(stream));
        windows
    }

    /// Bytes that each stream may send ahead.
    pub fn stream(&self) -> u32 {
        self.stream
    }

    /// Bytes that all of them may send ahead.
    pub fn connection(&self) -> u32 {
        self.connection
    }

    /// `unread` bytes have come that no reader took yet: readers that stall hold so much, and the others get as much as
    /// before. Returns whether the connection's window changed.
    pub fn unread(&mut self, unread: u64) -> bool {
        let ahead = START.max(self.stream.saturating_mul(2));
        let wanted = u32::try_from(unread).unwrap_or(u32::MAX).saturating_add(ahead);
        if wanted > self.connection || wanted < self.connection.saturating_sub(2 * STEP) {
            return self.resize(wanted.div_ceil(STEP).saturating_mul(STEP));
        }
        false
    }

    /// Whether a stream could get more, with so many open: only then is it worth a ping to know the round trip.
    pub fn can_grow(&self, open: usize) -> bool {
        self.stream < self.most(open)
    }

    /// Within one round trip the reader of one stream took `taken` bytes, where `ahead` could come for it: if that is near, the
    /// distance holds it up. (What lies unread says nothing: the answer to a ping arrives right behind a burst. A reader that
    /// stalls takes nothing, however much came.) Returns whether the stream's window changed.
    pub fn round_trip(&mut self, taken: u64, ahead: u32, open: usize) -> bool {
        taken >= u64::from(ahead) / 2 && self.grow(self.stream.saturating_mul(2), open)
    }

    /// The reader of one stream has taken `taken` bytes since all was at rest: a body so large gets at once what an earlier one
    /// proved to need. Returns whether the stream's window changed.
    pub fn resume(&mut self, taken: u64, open: usize) -> bool {
        let at_start = self.stream == self.stream_start && self.learned >= self.stream.saturating_mul(2);
        at_start && taken >= u64::from(self.stream) / 2 && self.grow(self.learned, open)
    }

    fn grow(&mut self, wanted: u32, open: usize) -> bool {
        let stream = wanted.min(self.most(open));
        if stream <= self.stream {
            return false;
        }
        let connection = stream.saturating_mul(2);
        if self.connection < connection && !self.resize(connection) {
            return false;
        }
        self.stream = stream;
        self.learned = self.learned.max(stream);
        true
    }

    /// So many streams are open: what they may send ahead together stays within the window of the connection, so that
    /// readers who stall hold nobody else up. Returns whether the stream's window changed.
    pub fn open(&mut self, open: usize) -> bool {
        let most = self.most(open);
        let shrinks = self.stream > most;
        if shrinks {
            self.stream = most;
        }
        shrinks
    }

    /// What one of so many streams may send ahead at most, with as many again still to come.
    fn most(&self, open: usize) -> u32 {
        let streams = u32::try_from(open.max(1)).unwrap_or(u32::MAX).saturating_mul(2);
        (self.connection_max / streams).clamp(self.stream_start, STREAM_MAX.max(self.stream_start))
    }

    /// Nothing is under way: what the connection got beyond its start goes back. Returns whether a window changed.
    pub fn rest(&mut self) -> bool {
        let changed = self.stream != self.stream_start;
        self.stream = self.stream_start;
        self.unread(0) || changed
    }

    /// Nothing has been under way for a while: all but the least goes back, so that connections at rest, however many, leave the
    /// budget to those that work. (What the peer was told it may send, it may still send once.) Returns whether the
    /// connection's window changed.
    pub fn sleep(&mut self) -> bool {
        self.resize(LEAST)
    }

    fn resize(&mut self, wanted: u32) -> bool {
        let wanted = wanted.clamp(LEAST, self.connection_max);
        let beyond = (wanted - LEAST) as usize;
        let fits = match &mut self.share {
            Some(share) if share.amount() >= beyond => {
                share.shrink_to(beyond);
                true
            }
            Some(share) => {
                let more = beyond - share.amount();
                share.try_grow(more)
            }
            None => {
                self.share = self.budget.try_take(beyond);
                self.share.is_some()
            }
        };
        let changed = fits && self.connection != wanted;
        if changed {
            self.connection = wanted;
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u32 = 1024 * 1024;

    /// As far as one stream that fills its window takes it.
    fn grow(windows: &mut Windows) {
        while windows.round_trip(windows.stream().into(), windows.stream(), 1) {}
    }

    #[test]
    fn stalled_readers_take_nothing_from_the_others_while_there_is_budget() {
        let mut windows = Windows::new(&Budget::new(11 * MIB as usize), 256 * 1024, 64 * MIB);
        assert_eq!(windows.connection(), MIB);
        for unread in [0, u64::from(MIB), 3 * u64::from(MIB), 5 * u64::from(MIB)] {
            windows.unread(unread);
            assert!(u64::from(windows.connection()) >= unread + u64::from(MIB), "{unread}");
        }
        assert!(!windows.unread(20 * u64::from(MIB)), "the budget is spent");
        assert!(windows.unread(0));
        assert!(windows.connection() <= 2 * MIB);
    }

    #[test]
    fn a_long_way_gets_larger_windows_and_gives_them_back() {
        let budget = Budget::new(64 * MIB as usize);
        let mut windows = Windows::new(&budget, 256 * 1024, 64 * MIB);
        assert!(!windows.round_trip(10_000, 256 * 1024, 1), "the reader takes little");
        assert!(!windows.round_trip(10_000_000, 256 * 1024, 200), "there are too many for one to get more");
        grow(&mut windows);
        assert_eq!((windows.stream(), windows.connection()), (STREAM_MAX, 2 * STREAM_MAX));
        assert!(!windows.can_grow(1));
        assert!(windows.rest());
        assert_eq!(windows.stream(), 256 * 1024);
        assert!(budget.taken() < 2 * MIB as usize);
    }

    #[test]
    fn what_a_large_body_needed_the_next_one_gets_at_once() {
        let mut windows = Windows::new(&Budget::new(64 * MIB as usize), 256 * 1024, 64 * MIB);
        assert!(!windows.resume(u64::from(MIB), 1), "nothing is known yet");
        grow(&mut windows);
        windows.rest();
        windows.sleep();
        assert!(!windows.resume(10_000, 1), "a small body needs no more");
        assert!(windows.resume(u64::from(MIB), 4));
        assert_eq!(windows.stream(), 8 * MIB);
        windows.rest();
        assert!(windows.resume(u64::from(MIB), 16));
        assert_eq!(windows.stream(), 2 * MIB, "sixteen share what there is");
    }

    #[test]
    fn connections_at_rest_take_nothing_from_those_that_work() {
        let budget = Budget::new(3 * MIB as usize);
        let mut resting: Vec<_> = (0..100).map(|_| Windows::new(&budget, 256 * 1024, 64 * MIB)).collect();
        resting.iter_mut().for_each(|windows| {
            windows.sleep();
        });
        assert_eq!(budget.taken(), 0);
        assert!(resting[0].unread(0));
        assert_eq!(resting[0].connection(), MIB);
    }

    #[test]
    fn streams_that_become_many_get_no_more_than_the_connection_has() {
        let mut windows = Windows::new(&Budget::new(256 * MIB as usize), 256 * 1024, 26 * MIB);
        grow(&mut windows);
        assert_eq!(windows.stream(), STREAM_MAX);
        assert!(!windows.open(1) && windows.open(10));
        assert!(windows.stream() * 20 <= 26 * MIB);
        assert!(windows.open(104));
        assert_eq!(windows.stream(), 256 * 1024);
    }

    #[test]
    fn all_connections_together_keep_to_the_budget_and_each_gets_the_least() {
        let budget = Budget::new(6 * MIB as usize);
        let windows: Vec<_> = (0..10).map(|_| Windows::new(&budget, 256 * 1024, 64 * MIB)).collect();
        assert!(budget.taken() <= budget.total());
        assert_eq!(windows.iter().filter(|windows| windows.connection() == MIB).count(), 4);
        assert!(windows.iter().all(|windows| windows.connection() >= LEAST));
        drop(windows);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn others_who_share_the_budget_keep_a_part_whatever_windows_want() {
        let budget = Budget::new(40 * MIB as usize);
        let mut windows: Vec<_> = (0..100).map(|_| Windows::new(&budget, 256 * 1024, 64 * MIB)).collect();
        for windows in &mut windows {
            grow(windows);
            windows.unread(u64::from(20 * MIB));
        }
        assert!(budget.taken() > 28 * MIB as usize);
        assert!(budget.try_take(10 * MIB as usize).is_some());
    }
}
