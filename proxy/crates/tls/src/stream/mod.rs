//! A stream of bytes over TLS 1.3 that holds no buffer while nothing happens.
//!
//! The TLS library shakes hands, derives keys and ciphers; what is between its records and the socket is here. Records are
//! received into buffers that the connections of a thread take turns with, and decrypted in place. A connection that waits for
//! the rest of a record, or for a reader or a peer that is slow, keeps what it cannot do without; only between two reads of much
//! it keeps the buffer.

mod buffer;
mod handshake;
mod messages;
mod outbox;
mod read;
mod records;
mod write;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustls::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use buffer::Buffer;
pub use handshake::{Agreed, accept, connect};
use outbox::Outbox;
use records::Records;

/// TLS over `T`, after the handshake.
pub struct TlsStream<T> {
    io: T,
    records: Records,
    /// Records that were received and not decrypted yet.
    received: Buffer,
    /// Data that was decrypted and that no reader took, or not for long.
    ahead: Buffer,
    /// Records that the socket did not take yet.
    out: Outbox,
    input: Input,
    /// The peer was told that no more data comes.
    closed: bool,
}

/// Whether more data may come.
enum Input {
    Open,
    /// The peer has said that it is over.
    Ended,
    /// The connection ended before the peer said so: data may be missing.
    Cut,
    /// One of both broke the rules. Nothing goes out any more either.
    Failed(Box<Error>),
}

impl<T> TlsStream<T> {
    /// What is below.
    pub fn get_ref(&self) -> &T {
        &self.io
    }

    /// What is below. Bytes that are read from it are missing above.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    /// Puts data that was just read back in front of what follows.
    pub fn put_back(&mut self, data: &[u8]) {
        self.ahead.put_front(data);
    }

    /// Bytes of memory that it holds beside itself and its keys.
    #[cfg(feature = "fuzzing")]
    pub fn held(&self) -> usize {
        self.received.held() + self.ahead.held() + self.out.held() + self.records.held()
    }
}

impl Input {
    fn error(&self) -> Option<io::Error> {
        match self {
            Input::Open | Input::Ended => None,
            Input::Cut => {
                let message = "the peer closed the connection without a close_notify";
                Some(io::Error::new(io::ErrorKind::UnexpectedEof, message))
            }
            Input::Failed(error) => Some(io::Error::new(io::ErrorKind::InvalidData, (**error).clone())),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_data(cx, buf)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_encrypt(cx, buf.into())
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_encrypt_all(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close()?;
        ready!(self.poll_out(cx))?;
        match ready!(Pin::new(&mut self.io).poll_shutdown(cx)) {
            // The peer was faster.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}
