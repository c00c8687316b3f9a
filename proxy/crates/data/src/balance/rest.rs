//! Where no endpoint takes connections, none is tried for a while: requests wait for the next try, or hear why there is none.

use std::time::Duration;

use hauberk_metrics::balancer::Carries;
use tokio::time::{Instant, sleep_until};

use crate::balance::{Balancer, Source};
use crate::candidate::Rest;
use crate::http::error::{ErrorKind, ProxyError};
use crate::worker::Worker;

impl Balancer {
    /// Waits until an endpoint takes connections again, is new, or may be asked once more. Where there has been none for
    /// `patience`, nobody else need wait as long.
    pub(super) async fn first_connection(
        &self,
        worker: &Worker,
        patience: Duration,
        carries: Carries,
    ) -> Result<(), ProxyError> {
        let _waiting = self.queue.enter(&self.name, carries)?;
        let deadline = Instant::now() + patience;
        loop {
            let now = Instant::now();
            let Some(rest) = self.rest(now) else { return Ok(()) };
            if deadline <= now || rest.since + patience <= now {
                return Err(ProxyError::new(ErrorKind::FailFast, self.why_none(&rest, now)));
            }
            tokio::select! {
                () = sleep_until(rest.until.min(deadline)) => {}
                () = self.up.notified() => {}
                () = self.news() => self.refresh(worker),
            }
        }
    }

    fn why_none(&self, rest: &Rest, now: Instant) -> String {
        let (since, next) = ((now - rest.since).as_millis(), (rest.until - now).as_millis());
        format!(
            "no endpoint of {} took a connection for {since} ms ({}); tried again in {next} ms",
            self.name, rest.why
        )
    }

    /// Whether it is known that no endpoint takes connections, so that none is tried for a while.
    pub(crate) fn rests(&self) -> bool {
        self.candidates.borrow().first().is_some_and(|first| first.is_down()) && self.rest(Instant::now()).is_some()
    }

    /// Until when, since when and why; as the first one says that is to be tried again.
    fn rest(&self, now: Instant) -> Option<Rest> {
        let candidates = self.candidates.borrow();
        let mut first: Option<Rest> = None;
        for candidate in candidates.iter() {
            let rest = candidate.rest(now)?;
            first = Some(match first {
                Some(first) if first.until <= rest.until => Rest { since: first.since.max(rest.since), ..first },
                Some(first) => Rest { since: first.since.max(rest.since), ..rest },
                None => rest,
            });
        }
        first
    }

    /// Returns once discovery says something new.
    async fn news(&self) {
        if let Source::Watched(source, _) = &self.source {
            let mut source = source.borrow().clone();
            if source.changed().await.is_ok() {
                return;
            }
        }
        std::future::pending().await
    }
}
