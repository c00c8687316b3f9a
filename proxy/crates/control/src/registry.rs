//! Questions that are open: one watch for each, begun on demand, ended when nobody has listened for a while.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Open questions of one kind.
pub(crate) struct Registry<K, V> {
    open: Mutex<HashMap<K, Arc<watch::Sender<V>>>>,
    overflow: watch::Sender<V>,
    runtime: Handle,
    idle: Duration,
    max: usize,
}

impl<K, V> Registry<K, V>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// At most `max` questions at once; beyond, the answer is `overflow`.
    pub(crate) fn new(runtime: Handle, idle: Duration, max: usize, overflow: V) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), overflow: watch::Sender::new(overflow), runtime, idle, max })
    }

    /// The answer to `key`; if nobody has asked yet, `first` until `answer` knows better.
    pub(crate) fn subscribe<F>(
        self: &Arc<Self>,
        key: K,
        first: impl FnOnce() -> V,
        answer: impl FnOnce(Arc<watch::Sender<V>>) -> F,
    ) -> watch::Receiver<V>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = open.get(&key) {
            return sender.subscribe();
        }
        if open.len() >= self.max {
            return self.overflow.subscribe();
        }
        let (sender, receiver) = watch::channel(first());
        let sender = Arc::new(sender);
        open.insert(key.clone(), sender.clone());
        let (answered, registry) = (answer(sender.clone()), self.clone());
        self.runtime.spawn(async move {
            tokio::select! {
                () = registry.unused(&key, &sender) => {}
                () = answered => {}
            }
        });
        receiver
    }

    /// Returns once nobody has listened for the idle time, with the question closed.
    async fn unused(&self, key: &K, sender: &watch::Sender<V>) {
        loop {
            sender.closed().await;
            tokio::time::sleep(self.idle).await;
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            if sender.receiver_count() == 0 {
                open.remove(key);
                return;
            }
        }
    }

    /// Questions that are open.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(max: usize) -> Arc<Registry<u16, u16>> {
        Registry::new(Handle::current(), Duration::from_secs(5), max, 0)
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_is_shared_and_ends_after_its_idle_time() {
        let registry = registry(10);
        let mut first = registry.subscribe(
            1,
            || 1,
            |sender| async move {
                sender.send_replace(7);
                std::future::pending().await
            },
        );
        let second = registry.subscribe(1, || 2, |_| async { panic!("asked twice") });
        first.changed().await.unwrap();
        assert_eq!(*second.borrow(), 7);
        drop((first, second));
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(*registry.subscribe(1, || 3, |_| async {}).borrow(), 7, "within the idle time the answer is kept");
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(registry.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_limit_the_answer_is_the_overflow() {
        let registry = registry(1);
        let _held = registry.subscribe(1, || 1, |_| std::future::pending());
        let over = registry.subscribe(2, || 1, |_| async { panic!("asked") });
        assert_eq!((*over.borrow(), registry.len()), (0, 1));
    }
}
