//! Runs hyper's futures on the worker's own thread, and lends it tokio's timer.

use std::future::Future;

/// Spawns on the current worker; nothing crosses a thread, so nothing needs a lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LocalExec;

impl<F> hyper::rt::Executor<F> for LocalExec
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}
