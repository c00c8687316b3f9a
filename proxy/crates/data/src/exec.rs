//! Runs hyper's futures on the worker's own thread, and lends it tokio's timer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// Spawns on the current worker; nothing crosses a thread, so nothing needs a lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LocalExec;

impl<F> hyper::rt::Executor<F> for LocalExec
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(Forget { future });
    }
}

pin_project! {
    /// A future whose result nobody wants. An async block around it would hold it twice, and a request's is large.
    struct Forget<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Forget<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().future.poll(cx).map(drop)
    }
}
