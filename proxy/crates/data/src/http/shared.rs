//! HTTP/2 connections that many requests share.
//!
//! One connection batches many requests into one write, one TLS record, one read. Requests must not couple all the same: a
//! connection takes a bounded number in flight, and is replaced long before its stream ids run out.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use hauberk_core::endpoint::Http2Params;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;

use crate::connect::{ConnectError, Connector};
use crate::exec::LocalExec;
use crate::http::body::Body;
use crate::http::client::SendError;

/// Requests in flight on one connection before another one is opened.
const IN_FLIGHT_MAX: usize = 100;
/// Connections to one endpoint; beyond, requests share the least loaded.
const CONNECTIONS_MAX: usize = 64;
/// Streams of one connection before it is left to drain: half of what the ids allow.
const STREAMS_MAX: u32 = 1 << 29;
/// Each stream may have this much on its way, so that one stalled reader holds little.
const STREAM_WINDOW: u32 = 256 * 1024;
/// More than all streams together, so that stalled readers never hold the connection's credit.
const CONNECTION_WINDOW: u32 = STREAM_WINDOW * (IN_FLIGHT_MAX as u32 + 4);

/// The shared connections to one endpoint.
pub(crate) struct Shared {
    connections: RefCell<Vec<Rc<Connection>>>,
    /// Whoever holds it connects; the others wait for the result.
    connecting: tokio::sync::Mutex<()>,
    failed: RefCell<Option<(Instant, ConnectError)>>,
    params: Http2Params,
}

struct Connection {
    sender: http2::SendRequest<Body>,
    in_flight: Cell<usize>,
    opened: Cell<u32>,
}

/// A request's place on a connection, until its response is over.
pub(crate) struct SharedLease(Rc<Connection>);

impl Drop for SharedLease {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
    }
}

impl Shared {
    /// No connection yet.
    pub(crate) fn new(params: Http2Params) -> Self {
        Self {
            connections: RefCell::default(),
            connecting: tokio::sync::Mutex::new(()),
            failed: RefCell::new(None),
            params,
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        &self,
        connector: &Connector,
        request: Request<Body>,
    ) -> Result<(Response<Incoming>, SharedLease), SendError> {
        let lease = match self.take() {
            Some(lease) => lease,
            None => match self.open(connector).await {
                Ok(lease) => lease,
                Err(error) => return Err(SendError::Connect(error)),
            },
        };
        let mut sender = lease.0.sender.clone();
        match sender.try_send_request(request).await {
            Ok(response) => Ok((response, lease)),
            Err(error) => Err(SendError::from_hyper(error)),
        }
    }

    fn take(&self) -> Option<SharedLease> {
        let mut connections = self.connections.borrow_mut();
        connections.retain(|c| !c.sender.is_closed() && c.opened.get() < STREAMS_MAX);
        let roomy = |c: &&Rc<Connection>| c.in_flight.get() < IN_FLIGHT_MAX;
        let chosen = match connections.iter().find(roomy) {
            Some(connection) => connection,
            None if connections.len() >= CONNECTIONS_MAX => connections.iter().min_by_key(|c| c.in_flight.get())?,
            None => return None,
        };
        chosen.in_flight.set(chosen.in_flight.get() + 1);
        chosen.opened.set(chosen.opened.get() + 1);
        Some(SharedLease(chosen.clone()))
    }

    async fn open(&self, connector: &Connector) -> Result<SharedLease, ConnectError> {
        let asked = Instant::now();
        loop {
            let _turn = self.connecting.lock().await;
            if let Some(lease) = self.take() {
                return Ok(lease);
            }
            if let Some((when, error)) = &*self.failed.borrow()
                && *when >= asked
            {
                return Err(error.clone());
            }
            let connection = match self.connect(connector).await {
                Ok(connection) => connection,
                Err(error) => {
                    *self.failed.borrow_mut() = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            };
            self.connections.borrow_mut().push(Rc::new(connection));
        }
    }

    async fn connect(&self, connector: &Connector) -> Result<Connection, ConnectError> {
        let stream = connector.connect().await?;
        let mut builder = http2::Builder::new(LocalExec);
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(self.params.initial_stream_window.unwrap_or(STREAM_WINDOW))
            .initial_connection_window_size(self.params.initial_connection_window.unwrap_or(CONNECTION_WINDOW))
            .max_concurrent_reset_streams(64)
            .keep_alive_interval(self.params.keep_alive_interval.unwrap_or(Duration::from_secs(10)))
            .keep_alive_timeout(self.params.keep_alive_timeout.unwrap_or(Duration::from_secs(3)))
            .keep_alive_while_idle(true);
        let (sender, driver) = builder
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| ConnectError::protocol(connector.peer(), &error))?;
        tokio::task::spawn_local(async move {
            // Its end reaches every request on it; there is nobody else to tell.
            if let Err(error) = driver.await {
                tracing::debug!(%error, "a shared connection ended");
            }
        });
        Ok(Connection { sender, in_flight: Cell::new(0), opened: Cell::new(0) })
    }
}
