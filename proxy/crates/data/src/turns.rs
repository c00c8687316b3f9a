//! Turns of silent clients. A pool that connects ahead of its requests is silent on many connections at once; a handshake for
//! each of them, all at the same time, would hold up whoever has something to say. Those whose turn it is not may speak in the
//! meantime, and need none.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Connections that are made at a time for clients that said nothing.
const AT_ONCE: usize = 2;
/// How long one waits for its turn: servers that are slow to take a connection must not keep those of others waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The turns of a worker.
pub(crate) struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

impl Turns {
    /// Waits for a turn, which lasts as long as what is returned. `None`: others took too long for it to be worth waiting.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        timeout(PATIENCE, self.0.acquire()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn the_next_goes_when_one_is_done() {
        let turns = Turns::default();
        let (first, second) = (turns.take().await, turns.take().await);
        assert!(first.is_some() && second.is_some());
        let mut third = pin!(turns.take());
        assert!(poll(third.as_mut()).is_pending());
        drop(second);
        assert!(matches!(poll(third.as_mut()), Poll::Ready(Some(_))));
    }

    #[tokio::test]
    async fn nobody_waits_for_long() {
        let turns = Turns::default();
        let _slow = (turns.take().await, turns.take().await);
        assert!(turns.take().await.is_none());
    }
}
