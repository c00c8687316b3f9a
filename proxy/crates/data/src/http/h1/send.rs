//! A message body on its way into a connection.

use std::task::{Context, Poll};

use hauberk_core::budget::Budget;
use http_body::Body as _;

use crate::http::body::Body;
use crate::http::body_error::BodyError;
use crate::http::h1::coding::{Coding, WrongLength};
use crate::http::h1::outbox::Outbox;
use crate::http::held;

/// Bytes that may wait for the connection before more of the body is asked for.
const WAITING_MAX: usize = 64 * 1024;

/// A body that is being sent.
pub(crate) struct Sending {
    body: Body,
    coding: Coding,
    done: bool,
}

/// Why a body was not sent to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendingError {
    /// It ended early.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It is longer or shorter than announced.
    #[error(transparent)]
    WrongLength(#[from] WrongLength),
}

impl Sending {
    /// Sends `body` in this coding.
    pub(crate) fn new(body: Body, coding: Coding) -> Self {
        let done = coding == Coding::None && body.is_end_stream();
        Self { body, coding, done }
    }

    /// Whether all of it is in the outbox.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Fills the outbox up to a bound, which is lower where `room` is scarce. Pending: the body has no more for now; ready: it is
    /// over, or the outbox is full.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        out: &mut Outbox,
        room: &Budget,
    ) -> Poll<Result<(), SendingError>> {
        while !self.done && !is_full(out, room) {
            match std::pin::Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.done = self.coding.write(frame, out)?;
                    if !self.done && self.body.is_end_stream() {
                        self.end(out)?;
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.into())),
                Poll::Ready(None) => self.end(out)?,
                Poll::Pending => return Poll::Pending,
            }
        }
        if self.done {
            self.body = Body::empty(); // an upload stays until its answer is over: what was kept of it does not
        }
        Poll::Ready(Ok(()))
    }

    /// Nobody takes what is sent for now: what it answers goes on all the same.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<(), SendingError> {
        Ok(self.body.poll_upload(cx)?)
    }

    fn end(&mut self, out: &mut Outbox) -> Result<(), SendingError> {
        self.coding.end(None, out)?;
        self.done = true;
        Ok(())
    }
}

fn is_full(out: &Outbox, room: &Budget) -> bool {
    let waiting = out.len();
    waiting >= WAITING_MAX || (waiting >= held::LEAST && held::is_scarce(room))
}
