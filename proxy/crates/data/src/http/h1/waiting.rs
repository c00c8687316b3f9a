//! The time between two requests of a connection, until the head of the next one is there.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hauberk_core::http1::request::{self, Head};
use tokio::time::{Sleep, sleep};

use crate::http::h1::REQUEST_HEAD_MAX;
use crate::http::h1::conn::Conn;
use crate::http::h1::ended::Ended;

/// From the first byte of a head to its last.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Waiting for a head.
#[derive(Default)]
pub(super) struct Waiting {
    /// Runs from the first byte on.
    late: Option<Pin<Box<Sleep>>>,
    /// Bytes of the buffer that were judged.
    judged: usize,
}

impl Waiting {
    /// The next head; `None` where the connection ends instead.
    pub(super) fn poll(
        &mut self,
        conn: &mut Conn,
        is_draining: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Head>, Ended>> {
        loop {
            if self.is_worth_judging(conn) {
                if let Some(head) = request::take(&mut conn.buffer, REQUEST_HEAD_MAX)? {
                    return Poll::Ready(Ok(Some(head)));
                }
                self.judged = conn.buffer.len(); // an empty line before the head is gone by now
            }
            if conn.has_ended() {
                let whole = conn.buffer.is_empty();
                return Poll::Ready(if whole {
                    Ok(None)
                } else {
                    Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
                });
            }
            if let Poll::Ready(more) = conn.poll_more(cx) {
                more?;
                continue;
            }
            if conn.buffer.is_empty() {
                conn.rest();
                return if is_draining { Poll::Ready(Ok(None)) } else { Poll::Pending };
            }
            if conn.is_too_much() {
                return Poll::Ready(Err(Ended::Crowded));
            }
            ready!(self.late.get_or_insert_with(|| Box::pin(sleep(HEAD_TIMEOUT))).as_mut().poll(cx));
            return Poll::Ready(Err(Ended::Late));
        }
    }

    /// Lines are judged when they are whole: without the end of one there is nothing new.
    fn is_worth_judging(&self, conn: &Conn) -> bool {
        conn.buffer.len() >= REQUEST_HEAD_MAX || conn.buffer[self.judged.min(conn.buffer.len())..].contains(&b'\n')
    }
}
