//! The bodies that pass through: streamed, never collected.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use crate::http::body_error::BodyError;
use crate::http::idle::Idle;
use crate::http::incoming::Incoming;
use crate::http::limit::{Deadline, Limit};
use crate::http::replay::ReplayBody;

/// A message body of either direction.
pub(crate) struct Body {
    source: Source,
    observer: Option<Box<dyn Observer>>,
    deadline: Option<Box<Deadline>>,
    idle: Option<Box<Idle>>,
}

enum Source {
    Empty,
    Full(Bytes),
    Incoming(Incoming),
    Replay(ReplayBody),
}

/// Is told how a body ended: exactly one call beside those of `frame`, at the latest when the body is dropped.
pub(crate) trait Observer {
    /// A piece of so many bytes passed.
    fn frame(&self, _bytes: usize) {}
    /// The whole body passed; `trailers` are those of the message.
    fn complete(self: Box<Self>, trailers: Option<&HeaderMap>);
    /// The sender failed, with the error.
    fn failed(self: Box<Self>, error: &BodyError);
    /// The receiver went away before the end.
    fn abandoned(self: Box<Self>);
}

impl Body {
    /// No bytes.
    pub(crate) fn empty() -> Self {
        Self::of(Source::Empty)
    }

    /// These bytes.
    pub(crate) fn full(bytes: Bytes) -> Self {
        Self::of(Source::Full(bytes))
    }

    /// What a peer sends.
    pub(crate) fn incoming(body: Incoming) -> Self {
        Self::of(Source::Incoming(body))
    }

    /// What a peer sends, kept for another try.
    pub(crate) fn replay(body: ReplayBody) -> Self {
        Self::of(Source::Replay(body))
    }

    fn of(source: Source) -> Self {
        Self { source, observer: None, deadline: None, idle: None }
    }

    /// The same body, which fails if it is not over by `at`, when `limit` passes.
    pub(crate) fn until(mut self, at: Instant, limit: Limit) -> Self {
        self.deadline = Some(Box::new(Deadline::new(at, limit)));
        self
    }

    /// The same body, which fails if for `limit` nothing passes, of it or of what shares `latest` with it.
    pub(crate) fn idle(mut self, limit: Duration, latest: Rc<Cell<Instant>>) -> Self {
        self.idle = Some(Box::new(Idle::new(limit, latest)));
        self
    }

    /// The same without what a proxy itself says in it, of which HEAD gets no sight (RFC 9110, 9.3.2): a server's own answer
    /// to HEAD has none.
    pub(crate) fn unexplained(mut self) -> Self {
        if matches!(self.source, Source::Full(_)) {
            self.source = Source::Empty;
            if let Some(observer) = self.observer.take() {
                observer.complete(None);
            }
        }
        self
    }

    /// The same body, watched to its end. A body that is over already is reported at once.
    pub(crate) fn observed(mut self, observer: Box<dyn Observer>) -> Self {
        if self.is_end_stream() {
            observer.complete(None);
        } else {
            self.observer = Some(observer);
        }
        self
    }

    /// Whether what this answers may still be sent: its end is not that of the request.
    pub(crate) fn has_upload(&self) -> bool {
        matches!(self.source, Source::Incoming(Incoming::Response(_) | Incoming::Stream(_)))
    }

    /// Goes on sending what this answers while nobody reads it. Its time may be over all the same.
    pub(crate) fn poll_upload(&mut self, cx: &mut Context<'_>) -> Result<(), BodyError> {
        if let Source::Incoming(body) = &mut self.source {
            body.poll_upload(cx);
        }
        if self.is_end_stream() {
            return Ok(());
        }
        let error = if let Some(limit) = self.late(cx) {
            BodyError::Late(limit)
        } else if self.is_idle(cx) {
            BodyError::Idle
        } else {
            return Ok(());
        };
        if let Some(observer) = self.observer.take() {
            observer.failed(&error);
        }
        Err(error)
    }

    fn late(&mut self, cx: &mut Context<'_>) -> Option<Limit> {
        match self.deadline.as_mut()?.poll(cx) {
            Poll::Ready(limit) => Some(limit),
            Poll::Pending => None,
        }
    }

    fn is_idle(&mut self, cx: &mut Context<'_>) -> bool {
        self.idle.as_mut().is_some_and(|idle| idle.poll(cx).is_ready())
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(limit) = self.late(cx) {
            return Poll::Ready(Some(Err(BodyError::Late(limit))));
        }
        match &mut self.source {
            Source::Empty => Poll::Ready(None),
            Source::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.source = Source::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Source::Incoming(body) => body.poll_frame(cx).map_err(BodyError::Sender),
            Source::Replay(body) => body.poll_frame(cx).map_err(BodyError::Sender),
        }
    }

    fn observe(&mut self, frame: &Option<Result<Frame<Bytes>, BodyError>>) {
        let trailers = match frame {
            Some(Ok(frame)) => {
                if let (Some(data), Some(observer)) = (frame.data_ref(), &self.observer) {
                    observer.frame(data.len());
                }
                frame.trailers_ref()
            }
            Some(Err(e)) => {
                if let Some(observer) = self.observer.take() {
                    observer.failed(e);
                }
                return;
            }
            None => None,
        };
        // A declared length or an HTTP/2 end flag ends the body with its last frame: the reader will not ask again.
        let over = frame.is_none() || trailers.is_some() || self.is_end_stream();
        if over && let Some(observer) = self.observer.take() {
            observer.complete(trailers);
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(observer) = self.observer.take() {
            if self.is_end_stream() {
                observer.complete(None);
            } else {
                observer.abandoned();
            }
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = match self.poll_source(cx) {
            Poll::Ready(frame) => frame,
            Poll::Pending if self.is_idle(cx) => Some(Err(BodyError::Idle)),
            Poll::Pending => return Poll::Pending,
        };
        if let Some(idle) = &self.idle {
            idle.passed();
        }
        if self.observer.is_some() {
            self.observe(&frame);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Empty => true,
            Source::Full(bytes) => bytes.is_empty(),
            Source::Incoming(body) => body.is_end_stream(),
            Source::Replay(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Incoming(body) => body.size_hint(),
            Source::Replay(body) => body.size_hint(),
        }
    }
}
