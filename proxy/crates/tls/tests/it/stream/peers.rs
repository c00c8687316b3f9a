//! Two ends of a connection in memory.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use hauberk_tls::stream::{self, TlsStream};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::authority::Authority;
use crate::handshake::target;
use crate::{API, WEB, store};

/// Bytes that a pipe of ample size holds.
pub(crate) const AMPLE: usize = 4 << 20;

/// What two members of a mesh begin with.
pub(crate) struct Members {
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) server: Arc<ServerConfig>,
}

impl Members {
    pub(crate) fn new(direct: bool) -> Self {
        let authority = Authority::new();
        let (web, api) = (store(WEB, &authority), store(API, &authority));
        let client = web.client_config(&target(API), direct).unwrap();
        Self { client, server: api.server_config(direct).unwrap() }
    }

    /// A server of ours and another's client, over a pipe that holds `size` bytes and carries `most` at once.
    pub(crate) async fn serve(&self, size: usize, most: usize) -> (Ours, tokio_rustls::TlsStream<DuplexStream>) {
        let (near, far) = duplex(size);
        let connector = TlsConnector::from(self.client.clone());
        let accepting = stream::accept(Thin::new(near, most), &[], self.server.clone());
        let (ours, theirs) = tokio::join!(accepting, connector.connect(name(), far));
        (ours.unwrap().stream, theirs.unwrap().into())
    }

    /// A client of ours and another's server.
    pub(crate) async fn call(&self, size: usize, most: usize) -> (Ours, tokio_rustls::TlsStream<DuplexStream>) {
        let (near, far) = duplex(size);
        let acceptor = TlsAcceptor::from(self.server.clone());
        let connecting = stream::connect(Thin::new(near, most), self.client.clone(), name());
        let (ours, theirs) = tokio::join!(connecting, acceptor.accept(far));
        (ours.unwrap().stream, theirs.unwrap().into())
    }

    /// A server of ours and a client that is led by hand.
    pub(crate) async fn serve_by_hand(&self) -> (Ours, ByHand) {
        let (near, far) = duplex(AMPLE);
        let mut theirs = ByHand::new(ClientConnection::new(self.client.clone(), name()).unwrap(), far);
        let accepting = stream::accept(Thin::new(near, usize::MAX), &[], self.server.clone());
        let (ours, ()) = tokio::join!(accepting, theirs.shake());
        (ours.unwrap().stream, theirs)
    }

    /// A client of ours and a server that is led by hand.
    pub(crate) async fn call_by_hand(&self) -> (Ours, ByHand) {
        let (near, far) = duplex(AMPLE);
        let mut theirs = ByHand::new(ServerConnection::new(self.server.clone()).unwrap(), far);
        let connecting = stream::connect(Thin::new(near, usize::MAX), self.client.clone(), name());
        let (ours, ()) = tokio::join!(connecting, theirs.shake());
        (ours.unwrap().stream, theirs)
    }
}

pub(crate) type Ours = TlsStream<Thin<DuplexStream>>;

pub(crate) fn name() -> ServerName<'static> {
    "anything.example".try_into().unwrap()
}

/// A pipe that carries few bytes at once, and counts.
pub(crate) struct Thin<T> {
    inner: T,
    most: usize,
    /// How often bytes were read.
    pub(crate) reads: usize,
    /// How often bytes were written.
    pub(crate) writes: usize,
}

impl<T> Thin<T> {
    pub(crate) fn new(inner: T, most: usize) -> Self {
        Self { inner, most, reads: 0, writes: 0 }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Thin<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut part = buf.take(self.most);
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buf.advance(read); // `ReadBuf::take` shares the memory, which is all initialised here
        self.reads += 1;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Thin<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let part = &buf[..buf.len().min(self.most)];
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, part))?;
        self.writes += 1;
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.most < usize::MAX {
            return self.poll_write(cx, &bufs[0]);
        }
        self.writes += 1;
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// The TLS library's own connection, whose records pass through the test's hands.
pub(crate) struct ByHand {
    pub(crate) session: rustls::Connection,
    pub(crate) pipe: DuplexStream,
    seen: Vec<u8>,
}

impl ByHand {
    pub(crate) fn new(session: impl Into<rustls::Connection>, pipe: DuplexStream) -> Self {
        Self { session: session.into(), pipe, seen: Vec::new() }
    }

    async fn shake(&mut self) {
        while self.session.is_handshaking() || self.session.wants_write() {
            let records = self.records();
            self.pipe.write_all(&records).await.unwrap();
            if self.session.is_handshaking() {
                self.receive().await.unwrap();
            }
        }
    }

    /// What the session wants to send.
    pub(crate) fn records(&mut self) -> Vec<u8> {
        let mut records = Vec::new();
        while self.session.wants_write() {
            self.session.write_tls(&mut records).unwrap();
        }
        records
    }

    /// One record with these bytes, or several, if they are many.
    pub(crate) fn record(&mut self, data: &[u8]) -> Vec<u8> {
        self.session.writer().write_all(data).unwrap();
        self.records()
    }

    /// Waits for bytes and hands them to the session. Returns whether there were any.
    pub(crate) async fn receive(&mut self) -> Result<bool, Error> {
        let mut bytes = vec![0; 4096];
        let length = self.pipe.read(&mut bytes).await.unwrap();
        self.feed(&bytes[..length])?;
        Ok(length > 0)
    }

    /// Hands bytes to the session.
    pub(crate) fn feed(&mut self, mut rest: &[u8]) -> Result<(), Error> {
        while !rest.is_empty() {
            self.session.read_tls(&mut rest).unwrap();
            let plain = self.session.process_new_packets()?.plaintext_bytes_to_read();
            let before = self.seen.len();
            self.seen.resize(before + plain, 0);
            self.session.reader().read_exact(&mut self.seen[before..]).unwrap();
        }
        Ok(())
    }

    /// Waits for this data.
    pub(crate) async fn expect(&mut self, data: &[u8]) {
        while self.seen.len() < data.len() {
            assert!(self.receive().await.unwrap(), "the connection ended");
        }
        assert!(self.seen.drain(..data.len()).eq(data.iter().copied()));
    }
}

/// The lengths of the data in these records.
pub(crate) fn data_lengths(mut records: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let [23, 3, 3, high, low, rest @ ..] = records {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(length - 17);
        records = &rest[length..];
    }
    lengths
}

/// One look at a stream.
pub(crate) fn read_now(stream: &mut Ours, room: usize) -> Poll<io::Result<Vec<u8>>> {
    let mut bytes = vec![0; room];
    let mut buf = ReadBuf::new(&mut bytes);
    ready!(Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf))?;
    Poll::Ready(Ok(buf.filled().to_vec()))
}

/// Bytes that differ from their neighbours.
pub(crate) fn text(length: usize) -> Vec<u8> {
    (0..length).map(|n| u8::try_from(n * 7 % 251).unwrap()).collect()
}
