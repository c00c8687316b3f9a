//! Turns of silent clients. A pool that connects ahead of its requests is silent on many connections at once; a handshake for
//! each of them, all at the same time, would hold up whoever has something to say. Those whose turn it is not may speak in the
//! meantime, and need none.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Connections that are made at a time for clients that said nothing.
const AT_ONCE: usize = 2;
/// How long one waits for its turn, and how long a turn lasts at most: servers that are slow to take a connection must not keep
/// those of others waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The turns of a worker.
pub(crate) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Turns {
    /// Does this when it is its turn, or when that was not worth waiting for any longer.
    pub(crate) async fn take<F: Future>(&self, dial: F) -> F::Output {
        let turn = timeout(PATIENCE, self.0.acquire()).await;
        let mut dial = pin!(dial);
        if let Ok(done) = timeout(PATIENCE, dial.as_mut()).await {
            return done;
        }
        drop(turn);
        dial.await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::pending;
    use std::task::{Context, Poll, Waker};

    use tokio::sync::Notify;

    use super::*;

    fn is_over(future: std::pin::Pin<&mut impl Future>) -> bool {
        matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(_))
    }

    #[tokio::test]
    async fn the_next_goes_when_one_is_done() {
        let (turns, done, begun) = (Turns::default(), Notify::new(), Cell::new(0));
        let dial = async || {
            begun.set(begun.get() + 1);
            done.notified().await;
        };
        let (mut first, mut second, mut third) =
            (pin!(turns.take(dial())), pin!(turns.take(dial())), pin!(turns.take(dial())));
        assert!(!is_over(first.as_mut()) && !is_over(second.as_mut()) && !is_over(third.as_mut()));
        assert_eq!(begun.get(), 2);
        done.notify_one();
        assert!(is_over(first.as_mut()) && !is_over(third.as_mut()));
        assert_eq!(begun.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_long() {
        let turns = Turns::default();
        let (mut slow, mut slower) = (pin!(turns.take(pending::<()>())), pin!(turns.take(pending::<()>())));
        assert!(!is_over(slow.as_mut()) && !is_over(slower.as_mut()));
        assert_eq!(timeout(PATIENCE, turns.take(async { 3 })).await, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_slow_keeps_no_turn() {
        let turns = Turns::default();
        let mut slow = pin!(async { tokio::join!(turns.take(pending::<()>()), turns.take(pending::<()>())) });
        assert!(timeout(2 * PATIENCE, slow.as_mut()).await.is_err());
        let mut next = pin!(turns.take(async {}));
        assert!(is_over(next.as_mut()), "both turns are over");
    }
}
