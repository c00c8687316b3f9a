//! Counts the bytes and the end of one transport connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hauberk_metrics::edge::TransportMetrics;
use hauberk_net::io::Socket;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A socket that counts. Its labels (TLS, policy, peer) are known only some bytes later: until `attach`, counts are kept.
#[derive(Debug)]
pub(crate) struct Counted {
    socket: Socket,
    metrics: Option<Arc<TransportMetrics>>,
    read: u64,
    written: u64,
    error: Option<io::ErrorKind>,
}

impl Counted {
    /// Counts from now on.
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, metrics: None, read: 0, written: 0, error: None }
    }

    /// The connection's labels are known: what was counted so far goes there.
    pub(crate) fn attach(&mut self, metrics: Arc<TransportMetrics>) {
        metrics.opened();
        metrics.read(std::mem::take(&mut self.read));
        metrics.written(std::mem::take(&mut self.written));
        self.metrics = Some(metrics);
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Whether the connection has its labels.
    pub(crate) fn is_attached(&self) -> bool {
        self.metrics.is_some()
    }

    fn note<T>(&mut self, result: &Poll<io::Result<T>>) {
        if let Poll::Ready(Err(e)) = result {
            self.error = Some(e.kind());
        }
    }

    fn count_written(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(n)) = result {
            match &self.metrics {
                Some(metrics) => metrics.written(n as u64),
                None => self.written += n as u64,
            }
        }
        self.note(&result);
        result
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(metrics) = &self.metrics {
            metrics.closed(self.error);
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buf);
        let n = (buf.filled().len() - before) as u64;
        if n > 0 {
            match &self.metrics {
                Some(metrics) => metrics.read(n),
                None => self.read += n,
            }
        }
        self.note(&result);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.count_written(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.count_written(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.socket).poll_shutdown(cx);
        self.note(&result);
        result
    }
}
