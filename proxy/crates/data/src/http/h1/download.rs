//! The body of an answer, with what of its request is still being sent.

use std::io;
use std::rc::Weak;
use std::task::{Context, Poll};

use http_body::SizeHint;

use crate::http::h1::conn::Conn;
use crate::http::h1::send::{Sending, SendingError};
use crate::http::incoming::{Incoming, Piece};
use crate::http::pool::Pool;

/// A response that is being read.
pub(crate) struct Download {
    /// `None` once the response is over.
    conn: Option<Box<Conn>>,
    upload: Upload,
    persistent: bool,
    pool: Weak<Pool>,
}

/// A request that is being sent.
pub(crate) struct Upload {
    sending: Sending,
    failed: Option<io::Error>,
}

impl Upload {
    pub(super) fn new(sending: Sending) -> Self {
        Self { sending, failed: None }
    }

    /// Sends what can be sent. Ready once everything is, or once the connection takes no more.
    pub(super) fn poll(
        &mut self,
        conn: &mut Conn,
        cx: &mut Context<'_>,
    ) -> Result<Poll<Result<(), &io::Error>>, SendingError> {
        while self.failed.is_none() {
            let (out, room) = conn.outbox();
            let filled = self.sending.poll_fill(cx, out, room)?;
            match conn.poll_flush(cx) {
                Poll::Ready(Ok(())) if self.sending.is_done() => return Ok(Poll::Ready(Ok(()))),
                Poll::Ready(Ok(())) if filled.is_pending() => return Ok(Poll::Pending),
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.failed = Some(error),
                Poll::Pending => return Ok(Poll::Pending),
            }
        }
        Ok(match &self.failed {
            Some(error) => Poll::Ready(Err(error)),
            None => Poll::Pending,
        })
    }

    pub(super) fn is_complete(&self, conn: &Conn) -> bool {
        self.failed.is_none() && self.sending.is_done() && conn.is_flushed()
    }
}

/// The body of a response whose head was just read.
pub(super) fn begin(mut conn: Box<Conn>, upload: Upload, persistent: bool, pool: Weak<Pool>) -> Incoming {
    let whole = conn.take_whole_body();
    if conn.is_body_over() && upload.is_complete(&conn) {
        give_back(conn, persistent, &pool);
        return whole.map_or(Incoming::Empty, Incoming::Whole);
    }
    if let Some(whole) = whole {
        return Incoming::Whole(whole); // the rest of the request is in vain
    }
    Incoming::Response(Box::new(Download { conn: Some(conn), upload, persistent, pool }))
}

fn give_back(conn: Box<Conn>, persistent: bool, pool: &Weak<Pool>) {
    if let Some(pool) = pool.upgrade().filter(|_| persistent) {
        pool.put(conn);
    }
}

impl Download {
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Piece> {
        self.poll_upload(cx);
        let Some(conn) = &mut self.conn else { return Poll::Ready(None) };
        let piece = conn.poll_body(cx);
        if conn.is_body_over() {
            self.finish();
        }
        piece
    }

    /// Goes on sending; a failure shows in the answer, if it matters.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) {
        if let Some(conn) = &mut self.conn
            && !self.upload.is_complete(conn)
            && !matches!(self.upload.poll(conn, cx), Ok(Poll::Ready(Ok(())) | Poll::Pending))
        {
            self.persistent = false;
        }
    }

    fn finish(&mut self) {
        if let Some(conn) = self.conn.take()
            && self.upload.is_complete(&conn)
        {
            give_back(conn, self.persistent, &self.pool);
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.conn.as_ref().is_none_or(|conn| conn.is_body_over())
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        self.conn.as_ref().map_or_else(|| SizeHint::with_exact(0), |conn| conn.body_size())
    }
}
