//! Shared connections to a service, as many as its streams need.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hauberk_tls::store::Store;
use tokio::runtime::Handle;
use tonic::transport::Channel;

use crate::resolve::Resolver;
use crate::service::Service;
use crate::transport::{Show, channel};

/// Streams on one connection. A server should allow 100 (RFC 9113 section 6.5.2); one that waits for its turn on a
/// stream that never ends would wait forever.
const STREAMS_MAX: usize = 90;

/// Makes connections to one service, and shares them.
pub(crate) struct Lines {
    service: Service,
    tls: Arc<Store>,
    timeout: Duration,
    resolver: Resolver,
    runtime: Handle,
    open: Mutex<Vec<Arc<Channel>>>,
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
        open.retain(|line| Arc::strong_count(line) > 1);
        if let Some(line) = open.iter().find(|line| Arc::strong_count(line) <= STREAMS_MAX) {
            return Ok(line.clone());
        }
        let _within = self.runtime.enter();
        let resolver = self.resolver.clone();
        let line = Arc::new(channel(&self.service, self.tls.clone(), Show::Own, self.timeout, resolver)?);
        open.push(line.clone());
        Ok(line)
    }
}
