//! A socket in memory, of which each turn is the target's.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Both directions.
pub struct Wire {
    /// On its way to the stream.
    pub coming: VecDeque<u8>,
    /// Nothing comes after that.
    pub ended: bool,
    /// The most bytes of one read.
    pub width: usize,
    /// Written by the stream, and not looked at yet.
    pub gone: Vec<u8>,
    /// Bytes that the stream may still write.
    pub room: usize,
    /// The stream has said that no more follows.
    pub finished: bool,
}

/// The stream's end of it.
#[derive(Clone)]
pub struct Pipe(pub Rc<RefCell<Wire>>);

impl Pipe {
    /// A wide one.
    #[allow(clippy::new_without_default, reason = "it is not a value")]
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(Wire {
            coming: VecDeque::new(),
            ended: false,
            width: usize::MAX,
            gone: Vec::new(),
            room: usize::MAX,
            finished: false,
        })))
    }
}

impl AsyncRead for Pipe {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.0.borrow_mut();
        if wire.coming.is_empty() && !wire.ended {
            return Poll::Pending;
        }
        let length = wire.coming.len().min(wire.width).min(buf.remaining());
        let bytes: Vec<u8> = wire.coming.drain(..length).collect();
        buf.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(self: Pin<&mut Self>, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut wire = self.0.borrow_mut();
        assert!(!wire.finished, "something follows the end");
        if wire.room == 0 {
            return Poll::Pending;
        }
        let mut written = 0;
        for buf in bufs {
            let length = buf.len().min(wire.room);
            wire.gone.extend_from_slice(&buf[..length]);
            wire.room -= length;
            written += length;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.borrow_mut().finished = true;
        Poll::Ready(Ok(()))
    }
}
