//! Shared connections to a service, as many as its streams need.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hauberk_tls::store::Store;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::resolve::Resolver;
use crate::service::Service;
use crate::transport::{Show, channel};

/// Streams on one connection. A server should allow 100 (RFC 9113 section 6.5.2); one that waits for its turn on a
/// stream that never ends would wait forever.
const STREAMS_MAX: usize = 90;

/// So old a connection gets no more streams, so that they spread over instances that came later: a stream ends by its age,
/// and a connection with its last stream.
const AGE_MAX: Duration = Duration::from_secs(300);

/// A younger one is not given up for its silence: a server that is only slow would get ever more connections.
const YOUNG: Duration = Duration::from_secs(10);

/// Makes connections to one service, and shares them.
pub(crate) struct Lines {
    service: Service,
    tls: Arc<Store>,
    timeout: Duration,
    resolver: Resolver,
    runtime: Handle,
    open: Mutex<Vec<Line>>,
}

struct Line {
    channel: Arc<Channel>,
    since: Instant,
}

impl Lines {
    /// Connections that live on `runtime`, each made within `timeout` to an address that `resolver` finds.
    pub(crate) fn new(
        service: Service,
        tls: Arc<Store>,
        timeout: Duration,
        resolver: Resolver,
        runtime: Handle,
    ) -> Self {
        Self { service, tls, timeout, resolver, runtime, open: Mutex::default() }
    }

    /// Whether the service is reached by mutual TLS.
    pub(crate) fn needs_certificate(&self) -> bool {
        self.service.tls().is_some()
    }

    /// Where the service is.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// A place on a connection, taken until it is dropped.
    pub(crate) fn lease(&self) -> Result<Arc<Channel>, http::Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|line| Arc::strong_count(&line.channel) > 1 && line.since.elapsed() < AGE_MAX);
        if let Some(line) = open.iter().find(|line| Arc::strong_count(&line.channel) <= STREAMS_MAX) {
            return Ok(line.channel.clone());
        }
        let _within = self.runtime.enter();
        let resolver = self.resolver.clone();
        let channel = Arc::new(channel(&self.service, self.tls.clone(), Show::Own, self.timeout, resolver)?);
        open.push(Line { channel: channel.clone(), since: Instant::now() });
        Ok(channel)
    }

    /// Gives no more places on a connection that was silent: its server may be gone without a word.
    pub(crate) fn was_silent(&self, channel: &Arc<Channel>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|line| line.since.elapsed() < YOUNG || !Arc::ptr_eq(&line.channel, channel));
    }
}

#[cfg(test)]
mod tests {
    use hauberk_core::identity::Id;
    use hauberk_metrics::resolutions::Resolutions;
    use hauberk_tls::roots::Roots;

    use super::*;

    fn lines() -> Lines {
        let service = Service::new("127.0.0.1:1".parse().unwrap(), None).unwrap();
        let tls = Arc::new(Store::new(Id::Dns("web".into()), Roots::none()).unwrap());
        let resolver = Resolver::new("destination", Arc::new(Resolutions::default()));
        Lines::new(service, tls, Duration::from_secs(1), resolver, Handle::current())
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_shared_until_it_is_full_or_old_or_nobody_has_it() {
        let lines = lines();
        let mut leases = vec![lines.lease().unwrap()];
        leases.extend((1..STREAMS_MAX).map(|_| lines.lease().unwrap()));
        assert!(leases.iter().all(|lease| Arc::ptr_eq(lease, &leases[0])));
        let second = lines.lease().unwrap();
        assert!(!Arc::ptr_eq(&second, &leases[0]), "it is full");
        tokio::time::advance(AGE_MAX).await;
        let third = lines.lease().unwrap();
        assert!(!Arc::ptr_eq(&third, &second), "it is old");
        let weak = Arc::downgrade(&third);
        drop(third);
        drop(lines.lease().unwrap());
        assert!(weak.upgrade().is_none(), "nobody has it");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_silent_gets_no_other_stream_unless_it_is_young() {
        let lines = lines();
        let silent = lines.lease().unwrap();
        lines.was_silent(&silent);
        assert!(Arc::ptr_eq(&lines.lease().unwrap(), &silent));
        tokio::time::advance(YOUNG).await;
        lines.was_silent(&silent);
        assert!(!Arc::ptr_eq(&lines.lease().unwrap(), &silent));
    }
}
