//! What a worker remembers for a while.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Keys that were noted not too long ago.
pub(crate) struct Recent<K> {
    noted: RefCell<HashMap<K, Instant>>,
    max: usize,
    keep: Duration,
}

impl<K: Eq + Hash> Recent<K> {
    /// At most `max` keys, each for `keep` after it was last noted.
    pub(crate) fn new(max: usize, keep: Duration) -> Self {
        Self { noted: RefCell::default(), max, keep }
    }

    /// Notes a key. False: there are too many others.
    pub(crate) fn note(&self, key: K, now: Instant) -> bool {
        let mut noted = self.noted.borrow_mut();
        if noted.len() >= self.max && !noted.contains_key(&key) {
            noted.retain(|_, at| now.duration_since(*at) < self.keep);
            if noted.len() >= self.max {
                return false;
            }
        }
        noted.insert(key, now);
        true
    }

    /// Whether a key was noted.
    pub(crate) fn has<Q>(&self, key: &Q, now: Instant) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.noted.borrow().get(key).is_some_and(|at| now.duration_since(*at) < self.keep)
    }

    /// Forgets a key.
    pub(crate) fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.noted.borrow_mut().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_makes_room() {
        let second = Duration::from_secs(1);
        let (recent, now) = (Recent::new(2, 10 * second), Instant::now());
        assert!(recent.note("a", now) && recent.note("b", now + 5 * second));
        assert!(!recent.note("c", now + 9 * second), "both are recent");
        assert!(recent.has("a", now + 9 * second) && !recent.has("a", now + 10 * second));
        assert!(recent.note("c", now + 10 * second) && recent.has("b", now + 10 * second));
        recent.forget("b");
        assert!(!recent.has("b", now + 10 * second));
    }
}
