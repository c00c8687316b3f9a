//! The series of a family, by their labels: bounded, and forgotten when nobody uses them.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::labels::LabelSet;

/// Facts that are remembered for each label set that a family may have: a series is most often asked for by few of them.
const FACTS_PER_SET: usize = 4;

/// Numbers that belong to one set of labels, as one thread counts them.
pub trait Series: Default {
    /// What the shares of all threads come to.
    type Total: Default;

    /// Adds this share.
    fn add_to(&self, total: &mut Self::Total);

    /// Grows with whatever is counted.
    fn events(&self) -> u64;
}

/// Series that share their names, told apart by labels. Each thread counts in a share of its own, so that no two cores
/// write to one place, and keeps it: only look-ups take the lock.
#[derive(Debug)]
pub struct Registry<S> {
    state: Mutex<State<S>>,
    hashers: [RandomState; 2],
    max: usize,
}

#[derive(Debug)]
struct State<S> {
    series: BTreeMap<Arc<str>, Entry<S>>,
    /// What gathers the label sets that there is no room for; few, since their labels are fixed in the code.
    beyond: BTreeMap<Arc<str>, Entry<S>>,
    /// By what labels are made of, for who would rather not make them.
    by_facts: HashMap<(u128, ThreadId), Weak<S>>,
}

#[derive(Debug)]
struct Entry<S> {
    shares: Vec<(ThreadId, Arc<S>)>,
    /// As of the last time that somebody looked for idle series.
    events: u64,
    idle_since: Option<Instant>,
}

impl<S: Series> Registry<S> {
    /// At most `max` label sets, beside the few that gather what is beyond.
    pub fn new(max: usize) -> Self {
        let state = State { series: BTreeMap::new(), beyond: BTreeMap::new(), by_facts: HashMap::new() };
        Self { state: Mutex::new(state), hashers: Default::default(), max }
    }

    /// This thread's share of the series with these labels; when the family is full, of the one that gathers the rest
    /// (`overflow="true"`).
    pub fn get(&self, labels: &LabelSet) -> Arc<S> {
        self.lock().get(labels, self.max)
    }

    /// The same; `labels` are made only if this thread has not asked by equal `facts` lately.
    pub fn get_by(&self, facts: &impl Hash, labels: impl FnOnce() -> LabelSet) -> Arc<S> {
        let key = (self.fingerprint(facts), thread::current().id());
        let mut state = self.lock();
        if let Some(share) = state.by_facts.get(&key).and_then(Weak::upgrade) {
            return share;
        }
        let labels = labels();
        let share = state.get(&labels, self.max);
        if !state.series.contains_key(labels.as_str()) {
            return share; // there may be room for it one day
        }
        if state.by_facts.len() >= self.max.saturating_mul(FACTS_PER_SET) {
            state.by_facts.clear();
        }
        state.by_facts.insert(key, Arc::downgrade(&share));
        share
    }

    /// Forgets the series that nobody held and that counted nothing for `idle`. They were in use until the call that
    /// first found them idle, so this is to be called regularly.
    pub fn expire(&self, now: Instant, idle: Duration) {
        self.expire_with(now, idle, |_, _| {});
    }

    /// The same; `forgotten` hears of each that is gone, with what it came to.
    pub fn expire_with(&self, now: Instant, idle: Duration, mut forgotten: impl FnMut(&str, &S::Total)) {
        let mut state = self.lock();
        let mut is_kept = |labels: &Arc<str>, entry: &mut Entry<S>| {
            let kept = entry.is_kept(now, idle);
            if !kept {
                forgotten(labels, &entry.total());
            }
            kept
        };
        state.series.retain(&mut is_kept);
        state.beyond.retain(&mut is_kept);
        state.by_facts.retain(|_, share| share.strong_count() > 0);
    }

    /// All series with their labels.
    pub fn totals(&self) -> Vec<(Arc<str>, S::Total)> {
        let state = self.lock();
        state.series.iter().chain(&state.beyond).map(|(labels, entry)| (labels.clone(), entry.total())).collect()
    }

    /// Two hashes by secret keys: nobody finds facts that are taken for others.
    fn fingerprint(&self, facts: &impl Hash) -> u128 {
        let [high, low] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(facts)));
        high << 64 | low
    }

    // A panic elsewhere leaves the maps whole: each change is one call.
    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Series> State<S> {
    fn get(&mut self, labels: &LabelSet, max: usize) -> Arc<S> {
        if let Some(entry) = self.series.get_mut(labels.as_str()) {
            return entry.share();
        }
        let (series, key) = if self.series.len() < max {
            (&mut self.series, labels.as_str().into())
        } else {
            (&mut self.beyond, labels.overflow().into())
        };
        series.entry(key).or_insert_with(Entry::new).share()
    }
}

impl<S: Series> Entry<S> {
    fn new() -> Self {
        Self { shares: Vec::with_capacity(1), events: 0, idle_since: None }
    }

    fn share(&mut self) -> Arc<S> {
        let thread = thread::current().id();
        if let Some((_, share)) = self.shares.iter().find(|(owner, _)| *owner == thread) {
            return share.clone();
        }
        let share: Arc<S> = Arc::default();
        self.shares.push((thread, share.clone()));
        share
    }

    fn is_kept(&mut self, now: Instant, idle: Duration) -> bool {
        let held = self.shares.iter().any(|(_, share)| Arc::strong_count(share) > 1);
        let events = self.shares.iter().fold(0_u64, |sum, (_, share)| sum.wrapping_add(share.events()));
        let counted = std::mem::replace(&mut self.events, events) != events;
        if held {
            self.idle_since = None;
            return true;
        }
        if counted {
            self.idle_since = Some(now); // at the latest
        }
        let since = *self.idle_since.get_or_insert(now);
        now.saturating_duration_since(since) < idle
    }

    fn total(&self) -> S::Total {
        let mut total = S::Total::default();
        self.shares.iter().for_each(|(_, share)| share.add_to(&mut total));
        total
    }
}
