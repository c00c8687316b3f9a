//! HTTP/1 connections, one request at a time, kept for the next one.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use hauberk_core::budget::{Budget, Share};
use http::{Request, Response};

use crate::connect::{ConnectError, Connector};
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::h1::conn::Conn;
use crate::http::h1::exchange::{Answer, exchange};
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;

/// The idle connections to one endpoint.
pub(crate) struct Pool {
    idle: RefCell<Vec<Idle>>,
    /// One place for each idle connection, of those that all workers have.
    places: RefCell<Share>,
    idle_timeout: Duration,
    reaping: Cell<bool>,
    /// Looks of the reaper so far. Two lie half of `idle_timeout` apart.
    looks: Cell<u32>,
    /// For what waits on the connections.
    room: Budget,
}

/// The connection that a request goes over.
#[derive(Clone, Copy)]
enum Over {
    /// A kept one, of which this side knows of no end.
    Kept,
    /// A kept one that is open by the kernel's word too.
    Open,
    /// A new one.
    New,
}

struct Idle {
    conn: Box<Conn>,
    /// How many looks of the reaper there had been.
    since: u32,
}

impl Pool {
    /// Keeps as many connections as there are `places`, each for `idle_timeout`. What waits on them is held in `room`.
    pub(crate) fn new(places: &Budget, idle_timeout: Duration, room: &Budget) -> Rc<Self> {
        let (idle, reaping, looks) = (RefCell::default(), Cell::new(false), Cell::new(0));
        let places = RefCell::new(places.none());
        Rc::new(Self { idle, places, idle_timeout, reaping, looks, room: room.clone() })
    }

    /// Sends the head of `request`, and `body`, and waits for the head of the answer. `again`: it was sent before, over a
    /// connection that proved to be none, so that others which are as old are not to be trusted.
    pub(crate) fn send<B>(
        self: &Rc<Self>,
        connector: &Connector,
        request: &Request<B>,
        body: Body,
        interims: &Interims,
        again: bool,
    ) -> impl Future<Output = Result<Response<Incoming>, SendError>> {
        let over = match again {
            true => Over::New,
            false if headers::is_free_to_lose(request, &body) => Over::Kept,
            false => Over::Open,
        };
        self.exchange(connector, request, body, interims, over).map(|answer| match answer? {
            Answer::Response(response) => Ok(response),
            Answer::Tunnel(..) => Err(SendError::Unasked),
        })
    }

    /// The same for a request whose connection may become a tunnel: it gets one of its own from the start.
    pub(crate) fn ask<B>(
        self: &Rc<Self>,
        connector: &Connector,
        request: &Request<B>,
        body: Body,
        interims: &Interims,
    ) -> impl Future<Output = Result<Answer, SendError>> {
        self.exchange(connector, request, body, interims, Over::New)
    }

    /// A block and no `async fn`, which would hold its arguments twice.
    #[allow(clippy::manual_async_fn)]
    fn exchange<B>(
        self: &Rc<Self>,
        connector: &Connector,
        request: &Request<B>,
        body: Body,
        interims: &Interims,
        over: Over,
    ) -> impl Future<Output = Result<Answer, SendError>> {
        async move {
            let conn = match self.take(over).await {
                Some(conn) => conn,
                // Boxed as it is rare and large: each request would carry it about.
                None => Box::pin(self.connect(connector)).await.map_err(SendError::Connect)?,
            };
            Ok(exchange(conn, request, body, interims, Rc::downgrade(self)).await?)
        }
    }

    async fn connect(&self, connector: &Connector) -> Result<Box<Conn>, ConnectError> {
        Ok(Box::new(Conn::new(connector.connect().await?, self.room.clone())))
    }

    /// A kept connection that still is one.
    async fn take(&self, over: Over) -> Option<Box<Conn>> {
        let careful = match over {
            Over::Kept => false,
            Over::Open => true,
            Over::New => return None,
        };
        poll_fn(|cx| {
            let mut idle = self.idle.borrow_mut();
            while let Some(mut latest) = idle.pop() {
                self.places.borrow_mut().shrink_to(idle.len());
                if latest.conn.is_usable(cx, careful) {
                    return Poll::Ready(Some(latest.conn));
                }
            }
            Poll::Ready(None)
        })
        .await
    }

    /// Keeps a connection for the next request.
    pub(crate) fn put(self: &Rc<Self>, mut conn: Box<Conn>) {
        if !self.places.borrow_mut().try_grow(1) {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        conn.rest();
        idle.push(Idle { conn, since: self.looks.get() });
        if !self.reaping.replace(true) {
            tokio::task::spawn_local(reap(Rc::downgrade(self), self.idle_timeout));
        }
    }
}

/// Looks at the third of which a connection has been idle for `idle_timeout` at least.
const LOOKS_MAX: u32 = 3;

/// Closes connections that nobody needed for `idle_timeout`, or that their server has closed; ends when none is left.
async fn reap(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout / 2).await;
        let Some(pool) = pool.upgrade() else { return };
        let looks = pool.looks.get().wrapping_add(1);
        pool.looks.set(looks);
        let left = poll_fn(|cx| {
            let mut idle = pool.idle.borrow_mut();
            idle.retain_mut(|kept| looks.wrapping_sub(kept.since) < LOOKS_MAX && kept.conn.is_usable(cx, false));
            pool.places.borrow_mut().shrink_to(idle.len());
            Poll::Ready(idle.len())
        });
        if left.await == 0 {
            pool.idle.borrow_mut().shrink_to_fit();
            pool.reaping.set(false);
            return;
        }
    }
}
