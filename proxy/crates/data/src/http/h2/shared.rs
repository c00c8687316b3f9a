//! HTTP/2 connections that many requests share.
//!
//! One connection batches many requests into one write, one TLS record, one read. Requests must not couple all the same: a
//! connection takes a bounded number in flight, and is replaced long before its stream ids run out.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;

use h2::RecvStream;
use h2::ext::Protocol;
use hauberk_core::budget::Budget;
use hauberk_core::http2::lifetime::Lifetime;
use http::{Method, Request, Response};
use tokio::time::Instant;

use crate::config::Http2Client;
use crate::connect::{ConnectError, Connector};
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::h2::client::{self, StreamError};
use crate::http::h2::flow::Flow;
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;

/// Requests in flight on one connection before another one is opened.
pub(super) const IN_FLIGHT_MAX: usize = 100;
/// Connections to one endpoint; beyond, requests share the least loaded.
const CONNECTIONS_MAX: usize = 64;

/// The shared connections to one endpoint.
pub(crate) struct Shared {
    connections: RefCell<Vec<Rc<Connection>>>,
    /// Whoever holds it connects; the others wait for the result.
    connecting: tokio::sync::Mutex<()>,
    failed: RefCell<Option<(Instant, ConnectError)>>,
    settings: Http2Client,
    buffers: Budget,
    lifetime: RefCell<Lifetime>,
}

struct Connection {
    inner: client::Connection,
    opened: Cell<u32>,
}

impl Connection {
    /// Whether one more request would go out at once: a peer may allow fewer at a time than this side, and one that waits
    /// for streams that last would wait as long as they do.
    fn is_roomy(&self) -> bool {
        let in_flight = self.in_flight();
        in_flight == 0 || in_flight < IN_FLIGHT_MAX && in_flight < self.inner.sender.current_max_send_streams()
    }

    fn in_flight(&self) -> usize {
        self.inner.flow.open()
    }

    /// Whether it takes requests, where each connection takes so many.
    fn is_open(&self, requests: u32) -> bool {
        !self.inner.closed.get() && self.opened.get() < requests
    }
}

/// A request's place on a connection, until its response is over.
pub(crate) struct SharedLease(Rc<Connection>);

impl SharedLease {
    /// What is known of the connection's incoming side.
    pub(super) fn flow(&self) -> Rc<Flow> {
        self.0.inner.flow.clone()
    }

    /// The stream is over at both of its ends.
    pub(super) fn leave(&self, stream: &mut RecvStream) {
        // The last one to use a connection that was given up lets it close.
        if Rc::strong_count(&self.0) > 1 {
            self.0.inner.flow.leave(stream);
        }
    }
}

impl Drop for SharedLease {
    fn drop(&mut self) {
        if self.0.inner.flow.closed() == 0 {
            self.0.inner.resting.set(true); // looked at when the connection moves next
            self.0.inner.flow.rests();
        }
    }
}

impl Shared {
    /// No connection yet.
    pub(crate) fn new(settings: Http2Client, buffers: &Budget) -> Self {
        Self {
            connections: RefCell::default(),
            connecting: tokio::sync::Mutex::new(()),
            failed: RefCell::new(None),
            settings,
            buffers: buffers.clone(),
            lifetime: RefCell::default(),
        }
    }

    /// Sends a request and waits for the head of its answer. A connection that closed before the request was sent costs
    /// nothing: the request goes to another one.
    pub(crate) fn send(
        &self,
        connector: &Connector,
        request: Request<Body>,
        interims: &Interims,
    ) -> impl Future<Output = Result<Response<Incoming>, SendError>> {
        let asks_protocol = request.method() == Method::CONNECT && request.extensions().get::<Protocol>().is_some();
        let careful = !headers::is_free_to_lose(&request, request.body());
        async move {
            loop {
                let (lease, kept) = match self.take() {
                    Some(lease) => (lease, true),
                    // Boxed as it is rare and large: each request would carry it about.
                    None => (Box::pin(self.open(connector)).await.map_err(SendError::Connect)?, false),
                };
                let connection = &lease.0.inner;
                // One that others use right now is looked at all the time.
                if kept && careful && connection.flow.open() == 1 {
                    connection.catch_up().await;
                }
                let mut sender = connection.sender.clone();
                match poll_fn(|cx| sender.poll_ready(cx)).await {
                    Ok(()) if asks_protocol && !connection.takes_protocols().await && !connection.closed.get() => {
                        return Err(StreamError::Unsupported.into());
                    }
                    Ok(()) => {
                        let flow = connection.flow.clone();
                        let sent = client::exchange(sender, request, lease, interims).await;
                        return self.learn(sent, &flow, kept).map_err(SendError::Http2);
                    }
                    Err(error) => {
                        // The peer has said goodbye, or the connection failed: nothing was sent.
                        connection.closed.set(true);
                        if !kept {
                            return Err(StreamError::Unsent(error).into());
                        }
                    }
                }
            }
        }
    }

    /// What the end of a request tells of its server.
    fn learn<T>(&self, sent: Result<T, StreamError>, flow: &Flow, kept: bool) -> Result<T, StreamError> {
        match sent {
            // A new one: that is the server's way, and no accident of the time.
            Err(StreamError::Stale(error)) if !kept => Err(StreamError::Unsent(error)),
            Err(StreamError::Stream(error)) if error.is_go_away() && error.is_remote() => {
                if let Some(last) = flow.take_goodbye() {
                    self.lifetime.borrow_mut().left_out_after(last, Instant::now().into_std());
                }
                Err(StreamError::Stream(error))
            }
            result => result,
        }
    }

    /// How many requests one connection carries before it is left to drain.
    fn requests_max(&self) -> u32 {
        let learned = self.lifetime.borrow().requests(|| Instant::now().into_std());
        learned.unwrap_or(u32::MAX).min(self.settings.requests_max)
    }

    fn take(&self) -> Option<SharedLease> {
        let mut connections = self.connections.borrow_mut();
        let requests = self.requests_max();
        let mut chosen = connections.iter().position(|c| c.is_open(requests) && c.is_roomy());
        if chosen.is_none() {
            connections.retain(|c| c.is_open(requests));
            if connections.len() >= CONNECTIONS_MAX {
                chosen = (0..connections.len()).min_by_key(|at| connections[*at].in_flight());
            }
        }
        let chosen = &connections[chosen?];
        chosen.inner.flow.opened();
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
            match self.connect(connector).await {
                Ok(connection) => self.connections.borrow_mut().push(Rc::new(connection)),
                Err(error) => {
                    *self.failed.borrow_mut() = Some((Instant::now(), error.clone()));
                    return Err(error);
                }
            }
        }
    }

    async fn connect(&self, connector: &Connector) -> Result<Connection, ConnectError> {
        let stream = connector.connect().await?;
        let inner = client::connect(stream, &self.settings, &self.buffers)
            .await
            .map_err(|error| ConnectError::protocol(connector.peer(), &error))?;
        Ok(Connection { inner, opened: Cell::new(0) })
    }
}
