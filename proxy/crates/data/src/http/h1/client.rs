//! Whoever is answered on a connection.

use std::task::{Context, Poll, ready};

use hauberk_core::budget::Budget;

use crate::http::h1::conn::Conn;
use crate::http::h1::ended::Ended;
use crate::http::stall::{Patience, Watch};

/// A client, and how long it may stall.
pub(super) struct Client {
    /// For what waits to be taken.
    pub(super) room: Budget,
    pub(super) patience: Option<Patience>,
    pub(super) watch: Watch,
    /// It may know why an answer failed.
    pub(super) explain: bool,
}

impl Client {
    /// Ready once it has stalled for too long. To be called while it is waited for.
    pub(super) fn poll_stalled(&mut self, conn: &Conn, cx: &mut Context<'_>) -> Poll<Ended> {
        let Some(patience) = &self.patience else { return Poll::Pending };
        ready!(self.watch.poll(patience, conn.moved(), cx));
        patience.count();
        Poll::Ready(Ended::Stalled)
    }
}
