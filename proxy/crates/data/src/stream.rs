//! The byte streams of the fast path, in one type so that nothing is boxed behind a trait.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hauberk_metrics::edge::TransportMetrics;
use hauberk_net::io::Socket;
use hauberk_net::rewind::Rewind;
use hauberk_tls::stream::TlsStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::counted::Counted;

/// A connection, accepted or made, with or without TLS, whose first bytes may have been looked at.
pub(crate) enum Stream {
    /// As the socket gives it.
    Plain(Box<Rewind<Counted>>),
    /// Over TLS that begins or ends here.
    Tls(Box<TlsStream<Counted>>),
}

impl Stream {
    /// A socket, as it is.
    pub(crate) fn plain(socket: Counted) -> Self {
        Stream::Plain(Box::new(Rewind::new(socket, Bytes::new())))
    }

    /// TLS after its handshake.
    pub(crate) fn tls(stream: TlsStream<Counted>) -> Self {
        Stream::Tls(Box::new(stream))
    }

    /// The same stream with bytes that were read from it put back.
    pub(crate) fn rewound(mut self, prefix: Bytes) -> Self {
        if prefix.is_empty() {
            return self; // and the buffer goes back
        }
        match &mut self {
            Stream::Plain(s) => s.put_back(prefix),
            Stream::Tls(s) => s.put_back(&prefix),
        }
        self
    }

    /// Gives the transport beneath its labels.
    pub(crate) fn attach(&mut self, metrics: Arc<TransportMetrics>) {
        match self {
            Stream::Plain(s) => s.get_mut().attach(metrics),
            Stream::Tls(s) => s.get_mut().attach(metrics),
        }
    }

    /// Makes the end of the connection an error for the peer (RST instead of FIN; on TLS, no close-notify besides).
    pub(crate) fn abort(&self) {
        self.socket().abort();
    }

    /// Whether nothing has come from the peer that was not read, no end either, by the kernel's own word.
    pub(crate) fn is_silent(&self) -> bool {
        self.socket().is_silent()
    }

    fn socket(&self) -> &Socket {
        match self {
            Stream::Plain(s) => s.get_ref().socket(),
            Stream::Tls(s) => s.get_ref().socket(),
        }
    }
}

macro_rules! each {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Plain($stream) => $call,
            Stream::Tls($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, s => Pin::new(s).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, s => Pin::new(s).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, s => Pin::new(s).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(s) => s.is_write_vectored(),
            Stream::Tls(s) => s.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, s => Pin::new(s).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, s => Pin::new(s).poll_shutdown(cx))
    }
}
