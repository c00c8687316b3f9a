//! Others first: what they are about to say goes out with what waits already.
//!
//! A connection that is shared by few requests at a time is woken for each of them. To let the runtime ask the kernel once more
//! costs one call; each further request or answer that is found saves a write, a TLS record, and a wake-up of the peer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Lets one turn of the runtime pass, `turn`, if that is `wanted`; one that has begun is waited for in any case.
pub(super) fn first<F: Future<Output = ()>>(
    mut waited: Pin<&mut Option<F>>,
    turn: impl FnOnce() -> F,
    wanted: bool,
    cx: &mut Context<'_>,
) -> Poll<()> {
    if waited.is_none() && wanted {
        waited.set(Some(turn()));
    }
    if let Some(waited) = waited.as_mut().as_pin_mut() {
        ready!(waited.poll(cx));
    }
    waited.set(None);
    Poll::Ready(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::task::{LocalSet, yield_now};

    use super::*;

    /// What happens when two tasks are woken at once, the first of which may wait for others.
    fn order(wanted: bool) -> Vec<&'static str> {
        let said = RefCell::new(Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut waited = pin!(None);
        LocalSet::new().block_on(&runtime, async {
            let connection = async {
                poll_fn(|cx| first(waited.as_mut(), yield_now, wanted, cx)).await;
                said.borrow_mut().push("connection");
            };
            let other = async { said.borrow_mut().push("other") };
            tokio::join!(biased; connection, other);
        });
        said.into_inner()
    }

    #[test]
    fn others_go_first_where_that_is_wanted() {
        assert_eq!(order(true), ["other", "connection"]);
        assert_eq!(order(false), ["connection", "other"]);
    }

    #[test]
    fn one_turn_is_enough() {
        let mut waited = pin!(None);
        let mut poll = || first(waited.as_mut(), yield_now, true, &mut Context::from_waker(std::task::Waker::noop()));
        assert!(poll().is_pending());
        assert!(poll().is_ready(), "although more is wanted");
        assert!(poll().is_pending(), "for what comes later");
    }
}
