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
/// The window that one stream may grow to. Permissions are given in portions, so that some three quarters of it are on their way:
/// 600 MB/s over 20 ms, 1 Gbit/s over 100 ms.
const STREAM_MAX: u32 = 16 * 1024 * 1024;
/// What a connection may get besides what its streams have at their start, for those that grow; and no more than this part of
/// what the budget has for windows.
const GROWTH: u32 = 4 * STREAM_MAX;
const GROWTH_PART: usize = 4;
/// Nothing grows any more once so much of it is taken: readers that stall need the rest.
const GROWING_PART: usize = 2;
/// Where one large body came another one may be next: a connection comes to rest so often without any before it gives back what
/// the last one got, while no more than this part of what the budget has for windows is taken.
const KEEPS: u8 = 16;
const KEPT_PART: usize = 4;
/// The largest window that there is (RFC 9113, 6.9.1).
const WINDOW_MAX: u32 = (1 << 31) - 1;

/// The windows of one connection.
#[derive(Debug)]
pub struct Windows {
    budget: Budget,
    growth: u32,
    share: Option<Share>,
    /// Of each stream.
    stream: u32,
    stream_start: u32,
    /// The most that a stream of this connection ever proved to need.
    learned: u32,
    /// How often the connection came to rest since a large body.
    kept: u8,
    connection: u32,
    connection_max: u32,
    /// Streams that are open, and what came on them and no reader took yet.
    open: usize,
    unread: u32,
}

impl Windows {
    /// Windows of a connection that begins: `stream` for each of its streams, and `connection` for all that there may be.
    pub fn new(budget: &Budget, stream: u32, connection: u32) -> Self {
        let budget = budget.up_to(budget.total() - budget.total() / LEFT);
        let growth = u32::try_from(budget.total() / GROWTH_PART).unwrap_or(u32::MAX).min(GROWTH);
        let mut windows = Self {
            budget,
            growth,
            share: None,
            stream,
            stream_start: stream,
            learned: stream,
            kept: 0,
            connection: LEAST,
            connection_max: connection.max(LEAST).saturating_add(growth).min(WINDOW_MAX),
            open: 0,
            unread: 0,
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

    /// Streams that were open when it was last said.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Whether something goes back once nothing is under way.
    pub fn is_grown(&self) -> bool {
        let start = START.max(self.stream_start.saturating_mul(2));
        self.stream > self.stream_start || self.connection > start.saturating_add(2 * STEP)
    }

    /// So many streams are `open`, and `unread` bytes have come that no reader took yet: readers that stall hold so much, and the
    /// others get as much as before. Streams that become more get less each, if there is not enough for all. Returns whether
    /// the connection's window changed.
    pub fn observe(&mut self, open: usize, unread: u64) -> bool {
        let more = open > self.open;
        (self.open, self.unread) = (open, u32::try_from(unread).unwrap_or(u32::MAX));
        if open == 0 {
            return false;
        }
        if more {
            self.stream = self.stream.min(self.most());
        }
        self.follow()
    }

    fn follow(&mut self) -> bool {
        let ahead = START.max(self.stream.saturating_mul(2));
        let wanted = self.unread.saturating_add(ahead);
        if wanted > self.connection || wanted < self.connection.saturating_sub(2 * STEP) {
            return self.resize(wanted.div_ceil(STEP).saturating_mul(STEP));
        }
        false
    }

    /// Whether a stream could get more: only then is it worth a ping to know the round trip.
    pub fn can_grow(&self) -> bool {
        self.stream < self.most()
    }

    /// Within one round trip the reader of one stream took `taken` bytes, where `ahead` could come for it: if that is near, the
    /// distance holds it up. (What lies unread says nothing: the answer to a ping arrives right behind a burst. A reader that
    /// stalls takes nothing, however much came.) Returns whether the stream's window changed.
    pub fn round_trip(&mut self, taken: u64, ahead: u32) -> bool {
        taken >= u64::from(ahead) / 2 && self.grow(self.stream.saturating_mul(2))
    }

    /// The reader of one stream has taken `taken` bytes since all was at rest: a body so large gets at once what an earlier one
    /// proved to need. Returns whether the stream's window changed.
    pub fn resume(&mut self, taken: u64) -> bool {
        let at_start = self.stream == self.stream_start && self.learned >= self.stream.saturating_mul(2);
        at_start && taken >= u64::from(self.stream) / 2 && self.grow(self.learned)
    }

    fn grow(&mut self, wanted: u32) -> bool {
        let stream = wanted.min(self.most());
        if stream <= self.stream {
            return false;
        }
        let connection = stream.saturating_mul(2);
        if self.connection < connection {
            let more = (connection - self.connection) as usize;
            let most = self.budget.total() / GROWING_PART;
            if self.budget.taken().saturating_add(more) > most || !self.resize(connection) {
                return false;
            }
        }
        self.stream = stream;
        self.learned = self.learned.max(stream);
        true
    }

    /// What each stream may send ahead at most. Those that stall keep what they have got, so each further one takes no more than
    /// a part of what is left: there is always room for one more, and what streams have at their start is never touched.
    fn most(&self) -> u32 {
        let open = u32::try_from(self.open.max(1)).unwrap_or(u32::MAX);
        let grown = self.unread.saturating_sub(open.saturating_mul(self.stream_start));
        let part = self.growth.saturating_sub(grown) / open.saturating_mul(2);
        self.stream_start.saturating_add(part).min(STREAM_MAX.max(self.stream_start))
    }

    /// Nothing is under way, and the reader of the largest body lately took `taken` bytes: what the connection got beyond its start
    /// goes back, unless there is much left and the connection is to sleep (`sleeps`) if nothing comes. Returns whether a
    /// window changed.
    pub fn rest(&mut self, taken: u64, sleeps: bool) -> bool {
        (self.open, self.unread) = (0, 0);
        self.kept = if taken >= u64::from(self.stream_start) { 0 } else { self.kept.saturating_add(1) };
        let changed = self.follow();
        let is_grown = self.stream > self.stream_start;
        let is_little = self.budget.taken() <= self.budget.total() / KEPT_PART;
        if is_grown && sleeps && is_little && self.kept < KEEPS {
            return changed;
        }
        self.stream = self.stream_start;
        self.follow() || changed || is_grown
    }

    /// Nothing has been under way for a while: all but the least goes back, so that connections at rest, however many, leave the
    /// budget to those that work. (What the peer was told it may send, it may still send once.) Returns whether a window
    /// changed.
    pub fn sleep(&mut self) -> bool {
        let is_grown = self.stream > self.stream_start;
        self.stream = self.stream_start;
        self.resize(LEAST) || is_grown
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
mod tests;
