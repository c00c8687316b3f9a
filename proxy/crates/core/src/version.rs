//! Which state of the mesh a view shows.

use std::sync::Arc;

/// A point in the life of one store. Revisions of different stores are not comparable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The store's identity, the same for all replicas and after a restart.
    pub store: Arc<str>,
    /// Grows with each write to the store.
    pub revision: u64,
}

impl Version {
    /// Whether a view of `self` is older than what `held` already shows, so that it must be ignored.
    pub fn is_older_than(&self, held: &Version) -> bool {
        self.store == held.store && self.revision < held.revision
    }
}
