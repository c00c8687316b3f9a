//! HTTP/2 connections that many requests share.
//!
//! One connection batches many requests into one write, one TLS record, one read. Requests must not couple all the same: a
//! connection takes a bounded number in flight, and is replaced long before its stream ids run out.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use hauberk_core::endpoint::Http2Params;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::time::Instant;

use crate::connect::{ConnectError, Connector};
use crate::exec::LocalExec;
use crate::http::FRAME_MAX;
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::stream::Stream;

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

type Driver = Pin<Box<http2::Connection<TokioIo<Stream>, Body, LocalExec>>>;

struct Connection {
    sender: http2::SendRequest<Body>,
    /// `None` once the connection is over.
    driver: Rc<RefCell<Option<Driver>>>,
    in_flight: Cell<usize>,
    opened: Cell<u32>,
}

impl Connection {
    /// Whether one more request would go out at once: a peer may allow fewer at a time than this side, and one that waits
    /// for streams that last would wait as long as they do.
    fn is_roomy(&self) -> bool {
        let allowed =
            self.driver.try_borrow().ok().and_then(|driver| Some(driver.as_ref()?.current_max_send_streams()));
        self.in_flight.get() < allowed.map_or(IN_FLIGHT_MAX, |allowed| allowed.clamp(1, IN_FLIGHT_MAX))
    }
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

    /// Sends a request and waits for the head of its answer. A connection that closed before the request was sent costs
    /// nothing: the request goes to another one.
    pub(crate) async fn send(
        &self,
        connector: &Connector,
        mut request: Request<Body>,
    ) -> Result<(Response<Incoming>, SharedLease), SendError> {
        loop {
            let (lease, kept) = match self.take() {
                Some(lease) => (lease, true),
                // Boxed as it is rare and large: each request would carry it about.
                None => (Box::pin(self.open(connector)).await.map_err(SendError::Connect)?, false),
            };
            let mut sender = lease.0.sender.clone();
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, lease)),
                Err(error) => match SendError::from_hyper(error) {
                    SendError::Unsent(unsent) if kept => request = *unsent,
                    other => return Err(other),
                },
            }
        }
    }

    fn take(&self) -> Option<SharedLease> {
        let mut connections = self.connections.borrow_mut();
        connections.retain(|c| !c.sender.is_closed() && c.opened.get() < STREAMS_MAX);
        let chosen = match connections.iter().find(|c| c.is_roomy()) {
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
            .max_frame_size(FRAME_MAX)
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
        let driver = Rc::new(RefCell::new(Some(Box::pin(driver))));
        tokio::task::spawn_local(drive(driver.clone()));
        Ok(Connection { sender, driver, in_flight: Cell::new(0), opened: Cell::new(0) })
    }
}

/// Drives a connection to its end, which reaches every request on it; there is nobody else to tell.
async fn drive(driver: Rc<RefCell<Option<Driver>>>) {
    let ended = poll_fn(|cx| match &mut *driver.borrow_mut() {
        Some(driver) => driver.as_mut().poll(cx),
        None => Poll::Ready(Ok(())),
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a shared connection ended");
    }
    let over = driver.borrow_mut().take();
    drop(over); // not while it is borrowed: it may hold requests, which tell others of their end
}
