//! A message body on its way into a stream.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http_body::Body as _;

use crate::http::body::Body;
use crate::http::body_error::BodyError;
use crate::http::h2::flow::Flow;
use crate::http::held::Held;
use crate::http::stall::Watch;

/// A body that is being sent.
pub(crate) struct Pipe {
    stream: SendStream<Bytes>,
    body: Body,
    flow: Rc<Flow>,
    /// What waits for the receiver's permission.
    waiting: Bytes,
    /// The room of that.
    held: Option<Held>,
    /// Bytes that went out.
    sent: u64,
    /// Waits for a client to permit more.
    watch: Watch,
}

/// Why a body was not sent to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PipeError {
    /// It ended early.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// Its receiver takes no more.
    #[error(transparent)]
    Stream(#[from] h2::Error),
    /// Its stream is closed.
    #[error("the stream is closed")]
    Closed,
    /// Its receiver took nothing for too long.
    #[error("the client took nothing for too long")]
    Stalled,
}

impl Pipe {
    /// Sends `body`, which is not over yet, over the connection of `flow`.
    pub(super) fn new(stream: SendStream<Bytes>, body: Body, flow: Rc<Flow>) -> Self {
        let (held, watch) = (None, Watch::default());
        Self { stream, body, flow, waiting: Bytes::new(), held, sent: 0, watch }
    }

    /// Sends what can be sent. Ready once it is over, one way or the other; a body that fails resets the stream.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PipeError>> {
        let result = ready!(self.poll_pieces(cx));
        if let Err(PipeError::Body(error)) = &result {
            self.stream.send_reset(error.reason());
        }
        Poll::Ready(result)
    }

    fn poll_pieces(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PipeError>> {
        loop {
            if !self.waiting.is_empty() && ready!(self.poll_waiting(cx))? {
                return Poll::Ready(Ok(()));
            }
            if !self.waiting.is_empty() {
                continue;
            }
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    // A receiver that lost interest is heard while there is nothing to send.
                    let reason = ready!(self.stream.poll_reset(cx))?;
                    return Poll::Ready(Err(h2::Error::from(reason).into()));
                }
            };
            let Some(frame) = frame else {
                self.stream.send_data(Bytes::new(), true)?;
                return Poll::Ready(Ok(()));
            };
            match frame?.into_data() {
                Ok(data) => {
                    if data.is_empty() && self.body.is_end_stream() {
                        self.stream.send_data(data, true)?;
                        return Poll::Ready(Ok(()));
                    }
                    self.waiting = data;
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.stream.send_trailers(trailers)?;
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Sends what the receiver permits. Returns whether the body is over.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, PipeError>> {
        self.stream.reserve_capacity(self.waiting.len());
        let mut room = self.stream.capacity();
        while room == 0 {
            room = match self.stream.poll_capacity(cx) {
                Poll::Ready(Some(room)) => room?,
                Poll::Ready(None) => return Poll::Ready(Err(PipeError::Closed)),
                Poll::Pending => {
                    self.body.poll_upload(cx)?;
                    self.flow.hold(&mut self.held, self.waiting.len());
                    if let Some(patience) = self.flow.patience()
                        && self.watch.poll(patience, self.sent, cx).is_ready()
                    {
                        patience.count();
                        return Poll::Ready(Err(PipeError::Stalled));
                    }
                    let reason = ready!(self.stream.poll_reset(cx))?;
                    return Poll::Ready(Err(h2::Error::from(reason).into()));
                }
            };
        }
        let data = self.waiting.split_to(room.min(self.waiting.len()));
        let over = self.waiting.is_empty() && self.body.is_end_stream();
        self.flow.sent(data.len());
        self.sent += data.len() as u64;
        self.stream.send_data(data, over)?;
        if let Some(held) = &mut self.held {
            held.pass(self.waiting.len());
        }
        Poll::Ready(Ok(over))
    }

    /// Ends the stream early.
    pub(crate) fn reset(&mut self, reason: Reason) {
        self.stream.send_reset(reason);
    }
}
