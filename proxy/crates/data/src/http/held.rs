//! Bytes that wait here for a reader who does not take them, and the room that they need.
//!
//! What passes through needs no room for longer than its connection is polled, and is not counted. What stays is, in blocks, so
//! that counting costs nothing while nobody waits. Where room becomes scarce, connections hold less; where there is none, the
//! request that comes next is told to come again.

use hauberk_core::budget::{Budget, Share};

/// Room is taken in such pieces.
const BLOCK: usize = 16 * 1024;
/// A connection may hold so much once room is scarce: with the next piece it is a block.
pub(crate) const LEAST: usize = 8 * 1024;
/// Room is scarce when less than this part is left.
const SCARCE: usize = 8;

/// This part of the bytes is left to what waits for its reader: the rest of it can be done without.
const LEFT: usize = 4;

/// The room for bytes that can be done without: those that make connections faster and requests safer.
pub(crate) fn spare(room: &Budget) -> Budget {
    room.up_to(room.total() - room.total() / LEFT)
}

/// Whether connections had better hold little.
pub(crate) fn is_scarce(room: &Budget) -> bool {
    room.left() < room.total() / SCARCE
}

/// Whether nothing more can be held. Where there never was room for a block, nobody is turned away for it.
pub(crate) fn is_spent(room: &Budget) -> bool {
    room.total() >= BLOCK && room.left() < BLOCK
}

/// The room of one connection or stream.
pub(crate) struct Held {
    room: Budget,
    share: Option<Share>,
}

impl Held {
    /// Nothing yet.
    pub(crate) fn new(room: Budget) -> Self {
        Self { room, share: None }
    }

    /// What this is a part of.
    pub(crate) fn room(&self) -> &Budget {
        &self.room
    }

    /// So many bytes wait now. What there is no room for waits all the same: it has been read.
    pub(crate) fn wait(&mut self, bytes: usize) {
        let wanted = bytes.next_multiple_of(BLOCK);
        if wanted == 0 {
            self.share = None;
            return;
        }
        if self.share.is_none() {
            self.share = self.room.try_take(BLOCK);
        }
        let Some(share) = &mut self.share else { return };
        share.shrink_to(wanted);
        while share.amount() < wanted && share.try_grow(BLOCK) {}
    }

    /// No more than so many bytes wait now.
    pub(crate) fn pass(&mut self, bytes: usize) {
        if self.share.is_some() {
            self.wait(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_counted_in_blocks_as_far_as_there_is_room() {
        let room = Budget::new(10 * BLOCK);
        let (mut one, mut other) = (Held::new(room.clone()), Held::new(room.clone()));
        one.pass(BLOCK);
        assert_eq!(room.taken(), 0, "it never waited");
        one.wait(BLOCK + 1);
        assert_eq!(room.taken(), 2 * BLOCK);
        other.wait(20 * BLOCK);
        assert_eq!(room.taken(), 10 * BLOCK);
        assert!(is_scarce(&room) && is_spent(&room));
        one.pass(1);
        assert!(is_scarce(&room) && !is_spent(&room));
        one.pass(0);
        drop(other);
        assert_eq!(room.taken(), 0);
    }

    #[test]
    fn a_budget_without_a_block_turns_nobody_away() {
        let room = Budget::new(BLOCK - 1);
        let mut held = Held::new(room.clone());
        held.wait(1);
        assert!(!is_spent(&room));
    }
}
