//! Wake-ups of a connection's task: those that come while it runs need no turn of their own.
//!
//! The library wakes the task that drives a connection whenever a stream has something for it, also where that very task put it
//! there. Each such wake-up would cost another turn of the runtime and another look at everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Stands between a connection and the task that drives it.
pub(super) struct Wakes {
    state: Arc<State>,
    waker: Waker,
}

#[derive(Default)]
struct State {
    task: AtomicWaker,
    /// The task runs: it looks itself whether it was woken.
    running: AtomicBool,
    woken: AtomicBool,
}

impl Default for Wakes {
    fn default() -> Self {
        let state = Arc::new(State::default());
        Self { waker: state.clone().into(), state }
    }
}

impl Wakes {
    /// The task runs until what is returned is dropped; then it is woken if it has to run again.
    pub(super) fn run(&self, cx: &Context<'_>) -> Turn<'_> {
        self.state.task.register(cx.waker());
        self.state.running.store(true, Ordering::SeqCst);
        Turn(&self.state)
    }

    /// What the connection is polled with.
    pub(super) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }
}

/// One turn of the task.
pub(super) struct Turn<'a>(&'a State);

impl Turn<'_> {
    /// The connection is polled next: that looks at all that it was woken for by now.
    pub(super) fn looks(&self) {
        self.0.woken.store(false, Ordering::SeqCst);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::SeqCst);
        if self.0.woken.load(Ordering::SeqCst) {
            self.0.task.wake();
        }
    }
}

impl Wake for State {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        // One of both sees the other: the turn that ends, or this.
        if !self.running.load(Ordering::SeqCst) {
            self.task.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn only_what_nobody_has_looked_at_wakes_the_task() {
        let (wakes, counter) = (Wakes::default(), Arc::new(Counter::default()));
        let task = Waker::from(counter.clone());
        let woken = || counter.0.load(Ordering::SeqCst);
        let turn = wakes.run(&Context::from_waker(&task));
        wakes.context().waker().wake_by_ref();
        turn.looks();
        drop(turn);
        assert_eq!(woken(), 0, "it was looked at");
        let turn = wakes.run(&Context::from_waker(&task));
        turn.looks();
        wakes.context().waker().wake_by_ref();
        assert_eq!(woken(), 0, "the task runs");
        drop(turn);
        assert_eq!(woken(), 1, "nobody looked");
        wakes.run(&Context::from_waker(&task)).looks();
        wakes.context().waker().wake_by_ref();
        assert_eq!(woken(), 2, "the task does not run");
    }
}
