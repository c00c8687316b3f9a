//! Ends a body through which nothing passes.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Ends a body when nothing passes for too long, in its direction or the other one.
pub(super) struct Idle {
    limit: Duration,
    /// When something passed last, of the request or of its response.
    latest: Rc<Cell<Instant>>,
    timer: Pin<Box<Sleep>>,
}

impl Idle {
    /// From now on, or from when something passed in the other direction.
    pub(super) fn new(limit: Duration, latest: Rc<Cell<Instant>>) -> Self {
        latest.set(Instant::now());
        let timer = Box::pin(sleep_until(latest.get() + limit));
        Self { limit, latest, timer }
    }

    /// Something passes now.
    pub(super) fn passed(&self) {
        self.latest.set(Instant::now());
    }

    /// Ready once nothing has passed for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let end = self.latest.get() + self.limit;
            if end <= Instant::now() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(end);
        }
    }
}
