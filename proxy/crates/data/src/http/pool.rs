//! HTTP/1 connections, one request at a time, kept for the next one.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request, Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use crate::connect::{ConnectError, Connector};
use crate::http::BUFFER_MAX;
use crate::http::body::Body;
use crate::http::client::SendError;

/// The idle connections to one endpoint.
pub(crate) struct Pool {
    idle: RefCell<Vec<Idle>>,
    idle_max: usize,
    idle_timeout: Duration,
    reaping: Cell<bool>,
}

struct Idle {
    sender: http1::SendRequest<Body>,
    since: Instant,
}

/// A connection in use by one request.
pub(crate) struct PoolLease {
    sender: http1::SendRequest<Body>,
    pool: Weak<Pool>,
}

impl PoolLease {
    /// The response is over: the connection may serve the next request.
    pub(crate) fn give_back(self) {
        if let Some(pool) = self.pool.upgrade()
            && !self.sender.is_closed()
        {
            pool.put(self.sender);
        }
    }
}

impl Pool {
    /// Keeps at most `idle_max` connections, each for `idle_timeout`.
    pub(crate) fn new(idle_max: usize, idle_timeout: Duration) -> Rc<Self> {
        Rc::new(Self { idle: RefCell::default(), idle_max, idle_timeout, reaping: Cell::new(false) })
    }

    /// Sends a request and waits for the head of its answer. A kept connection that closed meanwhile costs nothing: the request
    /// goes to the next one, and at last to a new one.
    pub(crate) async fn send(
        self: &Rc<Self>,
        connector: &Connector,
        mut request: Request<Body>,
    ) -> Result<(Response<Incoming>, PoolLease), SendError> {
        say_chunked(&mut request);
        loop {
            let (mut sender, kept) = match self.take() {
                Some(sender) => (sender, true),
                // Boxed as it is rare and large: each request would carry it about.
                None => (Box::pin(connect(connector)).await.map_err(SendError::Connect)?, false),
            };
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, PoolLease { sender, pool: Rc::downgrade(self) })),
                Err(error) => match SendError::from_hyper(error) {
                    SendError::Unsent(unsent) if kept => request = *unsent,
                    other => return Err(other),
                },
            }
        }
    }

    fn take(&self) -> Option<http1::SendRequest<Body>> {
        let mut idle = self.idle.borrow_mut();
        let mut at = idle.len();
        while at > 0 {
            at -= 1;
            if idle[at].sender.is_closed() {
                idle.remove(at);
            } else if idle[at].sender.is_ready() {
                return Some(idle.remove(at).sender);
            }
        }
        None
    }

    fn put(self: &Rc<Self>, sender: http1::SendRequest<Body>) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() >= self.idle_max {
            return;
        }
        idle.push(Idle { sender, since: Instant::now() });
        if !self.reaping.replace(true) {
            tokio::task::spawn_local(reap(Rc::downgrade(self), self.idle_timeout));
        }
    }
}

/// hyper takes a body of unknown length for none where the method seldom has one, unless it is told.
fn say_chunked(request: &mut Request<Body>) {
    let unknown = request.body().size_hint().exact().is_none() && !request.headers().contains_key(CONTENT_LENGTH);
    if unknown && matches!(*request.method(), Method::GET | Method::HEAD) && request.version() == Version::HTTP_11 {
        request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
}

/// Closes connections that nobody needed for `idle_timeout`; ends when none is left.
async fn reap(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle.borrow_mut();
        idle.retain(|connection| !connection.sender.is_closed() && connection.since.elapsed() < idle_timeout);
        if idle.is_empty() {
            idle.shrink_to_fit();
            pool.reaping.set(false);
            return;
        }
    }
}

async fn connect(connector: &Connector) -> Result<http1::SendRequest<Body>, ConnectError> {
    let stream = connector.connect().await?;
    let (sender, driver) = http1::Builder::new()
        .max_buf_size(BUFFER_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| ConnectError::protocol(connector.peer(), &error))?;
    tokio::task::spawn_local(async move {
        if let Err(error) = driver.with_upgrades().await {
            tracing::debug!(%error, "a connection ended");
        }
    });
    Ok(sender)
}
