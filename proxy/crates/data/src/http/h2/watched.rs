//! A connection whose incoming frames are counted.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hauberk_core::http2::frames::Frames;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Stream;

/// What is known of a connection's incoming side.
pub(super) struct Flow {
    frames: RefCell<Frames>,
    /// Bytes of data that its readers took.
    taken: Cell<u64>,
    /// Streams whose data may be unread.
    open: Cell<usize>,
    flooded: Cell<bool>,
    /// The peer sent something since this was forgotten.
    heard: Cell<bool>,
}

impl Flow {
    fn new(frames: Frames) -> Self {
        let (taken, open) = (Cell::new(0), Cell::new(0));
        Self { frames: RefCell::new(frames), taken, open, flooded: Cell::new(false), heard: Cell::new(false) }
    }

    /// Bytes of data that came.
    pub(super) fn received(&self) -> u64 {
        self.frames.borrow().data()
    }

    /// Bytes of data that came and that no reader took yet, where each stream lets so much come ahead. What is beyond that no
    /// reader will take: padding, and what came for streams that were reset.
    pub(super) fn unread(&self, ahead: u32) -> u64 {
        let received = self.received();
        let possible = u64::from(ahead).saturating_mul(self.open.get() as u64);
        let taken = self.taken.get().max(received.saturating_sub(possible));
        self.taken.set(taken);
        received.saturating_sub(taken)
    }

    /// Streams that are open.
    pub(super) fn open(&self) -> usize {
        self.open.get()
    }

    /// One stream more.
    pub(super) fn opened(&self) {
        self.open.set(self.open.get() + 1);
    }

    /// One stream less. Returns how many are left.
    pub(super) fn closed(&self) -> usize {
        self.open.set(self.open.get().saturating_sub(1));
        self.open.get()
    }

    /// A reader took so many bytes, or dropped them.
    pub(super) fn take(&self, length: usize) {
        self.taken.set(self.taken.get() + length as u64);
    }

    /// Nothing is under way, so nothing is unread: what the library dropped by itself was never taken.
    pub(super) fn settle(&self) {
        self.taken.set(self.received());
    }

    /// So many bytes of data went to the peer.
    pub(super) fn sent(&self, length: usize) {
        self.frames.borrow_mut().sent(length);
    }

    /// Whether anything came since `forget_heard`.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.get()
    }

    /// From now on, what comes is new.
    pub(super) fn forget_heard(&self) {
        self.heard.set(false);
    }

    /// Whether the peer floods the connection. Nothing more is read of it then.
    pub(super) fn is_flooded(&self) -> bool {
        self.flooded.get()
    }
}

/// The bytes of a connection.
pub(super) struct Watched {
    stream: Stream,
    flow: Rc<Flow>,
}

impl Watched {
    /// A client's connection, at its start.
    pub(super) fn accepted(stream: Stream) -> (Self, Rc<Flow>) {
        Self::new(stream, Frames::of_client(Instant::now()))
    }

    /// A connection to a server, at its start.
    pub(super) fn made(stream: Stream) -> (Self, Rc<Flow>) {
        Self::new(stream, Frames::of_server(Instant::now()))
    }

    fn new(stream: Stream, frames: Frames) -> (Self, Rc<Flow>) {
        let flow = Rc::new(Flow::new(frames));
        (Self { stream, flow: flow.clone() }, flow)
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.flow.is_flooded() {
            return Poll::Pending; // whoever drives the connection closes it
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let flood = self.flow.frames.borrow_mut().read(&buf.filled()[before..], Instant::now()).is_err();
        self.flow.flooded.set(flood);
        self.flow.heard.set(true);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_reader_can_take_is_forgotten() {
        let flow = Flow::new(Frames::of_server(Instant::now()));
        flow.opened();
        let frame = [&[0, 1, 0, 0, 8, 0, 0, 0, 1, 254][..], &[0; 255]].concat(); // one byte, the rest is padding
        for _ in 0..100 {
            flow.frames.borrow_mut().read(&frame, Instant::now()).unwrap();
            flow.take(1);
            assert!(flow.unread(1000) <= 1000);
        }
        flow.opened();
        assert_eq!(flow.unread(1000), 1000, "what was forgotten stays so");
        assert_eq!((flow.closed(), flow.closed()), (1, 0));
        assert_eq!(flow.unread(1000), 0);
    }
}
