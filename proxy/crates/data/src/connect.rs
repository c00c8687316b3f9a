//! Connections to endpoints and to the program.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::identity::TlsTarget;
use hauberk_core::transport_header::{ALPN, Header};
use hauberk_metrics::edge::TransportMetrics;
use hauberk_net::io::Socket;
use hauberk_net::listen::{self, KeepAlive};
use hauberk_tls::stream::{self, Agreed};
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use crate::counted::Counted;
use crate::stream::Stream;

/// Somewhere to connect to.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    /// TCP without TLS.
    Plain(SocketAddr),
    /// A Unix socket.
    Unix(Arc<Path>),
    /// A member of the mesh.
    Mesh {
        /// Where its proxy is reached.
        addr: SocketAddr,
        /// Who it must prove to be.
        target: TlsTarget,
        /// Sent first, where the peer's proxy must be told the real destination.
        header: Option<Header>,
    },
    /// The other side of this very proxy.
    Within(Within),
}

/// Hands one end of a new connection to the other side of this proxy.
#[derive(Clone)]
pub(crate) struct Within {
    /// The destination that the other side carries it to.
    pub(crate) name: Arc<str>,
    pub(crate) open: Rc<dyn Fn(Socket)>,
}

impl std::fmt::Debug for Within {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Within").field(&self.name).finish()
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Peer::Plain(addr) | Peer::Mesh { addr, .. } => write!(f, "{addr}"),
            Peer::Unix(path) => write!(f, "{}", path.display()),
            Peer::Within(within) => f.write_str(&within.name),
        }
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ConnectError {
    /// For people.
    pub(crate) message: Arc<str>,
    /// It took too long.
    pub(crate) timed_out: bool,
}

impl ConnectError {
    fn io(peer: &Peer, error: &io::Error) -> Self {
        let timed_out = error.kind() == io::ErrorKind::TimedOut;
        Self { message: format!("connect to {peer}: {error}").into(), timed_out }
    }

    /// The peer took the connection and failed before the first request.
    pub(crate) fn protocol(peer: &Peer, error: &dyn std::error::Error) -> Self {
        Self { message: format!("connect to {peer}: {error}").into(), timed_out: false }
    }
}

/// Makes connections to one peer.
pub(crate) struct Connector {
    peer: Peer,
    timeout: Duration,
    keep_alive: KeepAlive,
    tls: Arc<hauberk_tls::store::Store>,
    metrics: Arc<TransportMetrics>,
}

impl Connector {
    /// Connections to `peer`, each within `timeout`, counted in `metrics`.
    pub(crate) fn new(
        peer: Peer,
        timeout: Duration,
        keep_alive: KeepAlive,
        tls: Arc<hauberk_tls::store::Store>,
        metrics: Arc<TransportMetrics>,
    ) -> Self {
        Self { peer, timeout, keep_alive, tls, metrics }
    }

    /// Where to.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// A new connection, ready for the program's bytes.
    pub(crate) async fn connect(&self) -> Result<Stream, ConnectError> {
        // Boxed: it is large, and whoever waits for it lives on when it is long over.
        let result = tokio::time::timeout(self.timeout, Box::pin(self.establish())).await;
        let mut stream = match result {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(ConnectError::io(&self.peer, &error)),
            Err(_) => {
                let message = format!("connect to {}: no connection within {:?}", self.peer, self.timeout);
                return Err(ConnectError { message: message.into(), timed_out: true });
            }
        };
        stream.attach(self.metrics.clone());
        Ok(stream)
    }

    async fn establish(&self) -> io::Result<Stream> {
        match &self.peer {
            Peer::Plain(addr) => {
                let socket = listen::connect(*addr, self.timeout, self.keep_alive).await?;
                Ok(Stream::plain(Counted::new(Socket::Tcp(socket))))
            }
            Peer::Unix(path) => Ok(Stream::plain(Counted::new(Socket::Unix(UnixStream::connect(path).await?)))),
            Peer::Within(within) => {
                let (near, far) = UnixStream::pair()?;
                (within.open)(Socket::Unix(far));
                Ok(Stream::plain(Counted::new(Socket::Unix(near))))
            }
            Peer::Mesh { addr, target, header } => {
                let socket = listen::connect(*addr, self.timeout, self.keep_alive).await?;
                self.secure(Counted::new(Socket::Tcp(socket)), target, header.as_ref()).await
            }
        }
    }

    async fn secure(&self, socket: Counted, target: &TlsTarget, header: Option<&Header>) -> io::Result<Stream> {
        let config = self
            .tls
            .client_config(target, header.is_some())
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "this proxy has no certificate yet"))?;
        let name = ServerName::try_from(target.server_name.to_string())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the endpoint's server name is no DNS name"))?;
        let Agreed { mut stream, alpn, .. } = stream::connect(socket, config, name).await?;
        if let Some(header) = header {
            if alpn.as_deref() != Some(ALPN) {
                return Err(io::Error::new(io::ErrorKind::Unsupported, "the peer takes no transport header"));
            }
            stream.write_all(&header.encode()).await?;
            stream.flush().await?; // a program that waits for the server's first word sends nothing that would take it along
        }
        Ok(Stream::tls(stream))
    }
}
