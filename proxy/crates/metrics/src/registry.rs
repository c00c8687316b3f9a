//! The series of a family, by their labels: bounded, and forgotten when nobody uses them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::labels::LabelSet;

/// Series that share their names, told apart by labels. Whoever counts keeps the `Arc`; only look-ups take the lock.
#[derive(Debug)]
pub struct Registry<S> {
    series: Mutex<BTreeMap<Arc<str>, Entry<S>>>,
    max: usize,
}

#[derive(Debug)]
struct Entry<S> {
    series: Arc<S>,
    unused_since: Option<Instant>,
}

impl<S: Default> Registry<S> {
    /// At most `max` label sets, beside the few that gather what is beyond.
    pub fn new(max: usize) -> Self {
        Self { series: Mutex::default(), max }
    }

    /// The series with these labels; when the family is full, the one that gathers the rest (`overflow="true"`).
    pub fn get(&self, labels: &LabelSet) -> Arc<S> {
        let mut series = self.lock();
        if let Some(entry) = series.get_mut(labels.as_str()) {
            entry.unused_since = None;
            return entry.series.clone();
        }
        let full = series.len() >= self.max;
        let key = if full { labels.overflow().into() } else { Arc::from(labels.as_str()) };
        let entry = series.entry(key).or_insert_with(|| Entry { series: Arc::default(), unused_since: None });
        entry.unused_since = None;
        entry.series.clone()
    }

    /// Forgets the series that nobody held for `idle`. They were in use until the call that first found them unheld, so
    /// this is to be called regularly.
    pub fn expire(&self, now: Instant, idle: Duration) {
        self.lock().retain(|_, entry| {
            if Arc::strong_count(&entry.series) > 1 {
                entry.unused_since = None;
                return true;
            }
            let since = *entry.unused_since.get_or_insert(now);
            now.saturating_duration_since(since) < idle
        });
    }

    /// All series with their labels, in the order of these.
    pub fn all(&self) -> Vec<(Arc<str>, Arc<S>)> {
        self.lock().iter().map(|(labels, entry)| (labels.clone(), entry.series.clone())).collect()
    }

    // A panic elsewhere leaves the map whole: each change is one call.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Entry<S>>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
