//! A connection whose incoming frames are counted.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hauberk_core::budget::Budget;
use hauberk_core::http2::frames::Frames;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::h2::flow::Flow;
use crate::http::stall::Patience;
use crate::stream::Stream;

/// The bytes of a connection.
pub(super) struct Watched(Rc<Flow>);

impl Watched {
    /// A client's connection, at its start. What waits for the client is held in `room`, and it may stall as `patience` has it.
    pub(super) fn accepted(stream: Stream, room: Budget, patience: Option<Patience>) -> (Self, Rc<Flow>) {
        Self::new(Flow::new(Some(stream), Frames::of_client(Instant::now()), room, patience))
    }

    /// A connection to a server, at its start. What waits for the server is held in `room`.
    pub(super) fn made(stream: Stream, room: Budget) -> (Self, Rc<Flow>) {
        Self::new(Flow::new(Some(stream), Frames::of_server(Instant::now()), room, None))
    }

    fn new(flow: Flow) -> (Self, Rc<Flow>) {
        let flow = Rc::new(flow);
        (Self(flow.clone()), flow)
    }

    fn with<T>(&self, poll: impl FnOnce(Pin<&mut Stream>) -> Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &mut *self.0.stream().borrow_mut() {
            Some(stream) => poll(Pin::new(stream)),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        // Of what failed a part may have gone out.
        if written.is_ready() {
            self.0.written();
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        *self.0.stream().borrow_mut() = None; // what is known of it lives on
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let flow = &self.0;
        if flow.is_flooded() {
            return Poll::Pending; // whoever drives the connection closes it
        }
        let before = buf.filled().len();
        ready!(self.with(|stream| stream.poll_read(cx, buf)))?;
        flow.heard(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.with(|stream| stream.poll_write(cx, buf));
        self.note(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.with(|stream| stream.poll_write_vectored(cx, bufs));
        self.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.0.stream().borrow().as_ref().is_some_and(Stream::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| stream.poll_shutdown(cx))
    }
}
