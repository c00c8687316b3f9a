//! What several threads find by its key for as long as one of them has it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Values that are remembered without a look at which are gone.
const SWEEP_MIN: usize = 64;

/// Values by key, each for as long as somebody has it.
#[derive(Debug)]
pub struct WeakMap<K, V> {
    state: Mutex<State<K, V>>,
}

#[derive(Debug)]
struct State<K, V> {
    known: HashMap<K, Weak<V>>,
    /// So many are looked through for those that are gone.
    sweep_at: usize,
}

impl<K, V> Default for WeakMap<K, V> {
    fn default() -> Self {
        Self { state: Mutex::new(State { known: HashMap::new(), sweep_at: SWEEP_MIN }) }
    }
}

impl<K: Eq + Hash, V> WeakMap<K, V> {
    /// The value of `key`, which is made if nobody has one.
    pub fn get(&self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        // Nothing that is done under this lock panics half-way.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = state.known.get(&key).and_then(Weak::upgrade) {
            return value;
        }
        let value = Arc::new(make());
        state.sweep();
        state.known.insert(key, Arc::downgrade(&value));
        value
    }

    /// Values that are remembered: those that somebody has, and as many again at most (but a few).
    pub fn remembered(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).known.len()
    }
}

impl<K: Eq + Hash, V> State<K, V> {
    fn sweep(&mut self) {
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, value| value.strong_count() > 0);
            self.sweep_at = SWEEP_MIN.max(2 * self.known.len());
            self.known.shrink_to(self.sweep_at);
        }
    }
}
