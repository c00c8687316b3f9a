//! Budgets that threads find by a key.

use std::hash::Hash;

use crate::budget::{Budget, Room};
use crate::weak_map::WeakMap;

/// A budget for each key, one and the same for as long as somebody has it, or a share of it.
#[derive(Debug)]
pub struct Keyed<K> {
    rooms: WeakMap<K, Room>,
}

impl<K> Default for Keyed<K> {
    fn default() -> Self {
        Self { rooms: WeakMap::default() }
    }
}

impl<K: Eq + Hash> Keyed<K> {
    /// The budget of `key`; of `total` if nobody has it.
    pub fn get(&self, key: K, total: usize) -> Budget {
        Budget::of(self.rooms.get(key, || Room::new(total)))
    }
}
