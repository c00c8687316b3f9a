//! Clients that stall: a body that they announced does not come, or they do not take the answer that they asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hauberk_core::budget::Budget;
use hauberk_core::stall::Stall;
use hauberk_metrics::families::DataMetrics;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::http::held;
use crate::worker::Shared;

/// As long as this a client may stall while room for what waits is scarce: others need it.
const HURRY: Duration = Duration::from_secs(60);
/// A client is looked at so often within its time.
const LOOKS: u32 = 4;

/// How long the clients of a connection may stall.
pub(crate) struct Patience {
    limit: Duration,
    room: Budget,
    metrics: Arc<DataMetrics>,
    count: fn(&DataMetrics),
}

/// Waiting for a client. Costs nothing as long as nobody waits.
#[derive(Default)]
pub(crate) struct Watch(Option<Box<Look>>);

struct Look {
    stall: Stall,
    timer: Pin<Box<Sleep>>,
}

impl Patience {
    /// As the settings want it; `count` counts a client that was given up. `None`: clients may stall for ever.
    pub(crate) fn new(shared: &Shared, count: fn(&DataMetrics)) -> Option<Self> {
        let limit = shared.config.limits.stall?;
        let (room, metrics) = (shared.budgets.held.clone(), shared.metrics.clone());
        Some(Self { limit, room, metrics, count })
    }

    /// A client was given up.
    pub(crate) fn count(&self) {
        (self.count)(&self.metrics);
    }

    fn limit(&self) -> Duration {
        if held::is_scarce(&self.room) { self.limit.min(HURRY) } else { self.limit }
    }

    fn next_look(&self, now: Instant) -> Instant {
        now + self.limit.min(HURRY) / LOOKS
    }
}

impl Watch {
    /// Ready once the client has stalled for too long. To be called while it is waited for; `moved` is another number whenever
    /// bytes have passed.
    pub(crate) fn poll(&mut self, patience: &Patience, moved: u64, cx: &mut Context<'_>) -> Poll<()> {
        let look = self.0.get_or_insert_with(|| {
            let now = Instant::now();
            let timer = Box::pin(sleep_until(patience.next_look(now)));
            Box::new(Look { stall: Stall::new(moved, now.into_std()), timer })
        });
        loop {
            ready!(look.timer.as_mut().poll(cx));
            let now = Instant::now();
            if look.stall.is_over(moved, patience.limit(), now.into_std()) {
                return Poll::Ready(());
            }
            look.timer.as_mut().reset(patience.next_look(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_may_stall_for_less_time_while_room_is_scarce() {
        let room = Budget::new(1024);
        let metrics = Arc::new(DataMetrics::new());
        let patience = Patience { limit: 2 * HURRY, room: room.clone(), metrics, count: |_| {} };
        assert_eq!(patience.limit(), 2 * HURRY);
        let _taken = room.try_take(1000).unwrap();
        assert_eq!(patience.limit(), HURRY);
        assert_eq!(Patience { limit: HURRY / 2, ..patience }.limit(), HURRY / 2);
    }
}
