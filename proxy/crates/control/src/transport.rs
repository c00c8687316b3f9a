//! Connections to the control plane: a Unix socket, plain TCP on this machine, or mutual TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hauberk_core::identity::TlsTarget;
use hauberk_tls::store::Store;
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use crate::dial::dial;
use crate::resolve::Resolver;
use crate::service::{Address, Service};

/// A silent peer is asked for a sign of life this often, over TLS only: on this machine the kernel tells of its end, and
/// gRPC's own servers close connections that ask so often.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// Which certificate this side shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// The workload's; without one there is no connection.
    Own,
    /// None; the authority takes a call for a certificate without.
    Nothing,
}

/// A connection that is made when it is first used, and again whenever it was lost. Must be called within a runtime.
pub(crate) fn channel(
    service: &Service,
    tls: Arc<Store>,
    show: Show,
    timeout: Duration,
    resolver: Resolver,
) -> Result<Channel, http::Error> {
    let uri = Uri::builder().scheme("http").authority(service.address().authority()).path_and_query("/").build()?;
    let mut endpoint = Endpoint::from(uri);
    if service.tls().is_some() {
        endpoint = endpoint
            .http2_keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .keep_alive_while_idle(true);
    }
    Ok(endpoint.connect_with_connector_lazy(Connector { service: service.clone(), tls, show, timeout, resolver }))
}

#[derive(Clone)]
struct Connector {
    service: Service,
    tls: Arc<Store>,
    show: Show,
    timeout: Duration,
    resolver: Resolver,
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

type Connected = TokioIo<Box<dyn Io>>;

impl tonic::codegen::Service<Uri> for Connector {
    type Response = Connected;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Connected>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let address = connector.service.address();
            let wrong = |error: io::Error| io::Error::new(error.kind(), format!("control plane at {address}: {error}"));
            match tokio::time::timeout(connector.timeout, connector.connect()).await {
                Ok(connected) => connected.map(TokioIo::new).map_err(wrong),
                Err(_) => Err(wrong(io::Error::new(io::ErrorKind::TimedOut, "no connection in time"))),
            }
        })
    }
}

impl Connector {
    async fn connect(&self) -> io::Result<Box<dyn Io>> {
        let (host, port) = match self.service.address() {
            Address::Unix(path) => return Ok(Box::new(UnixStream::connect(path).await?)),
            Address::Tcp { host, port } => (host, *port),
        };
        let socket = dial(&self.resolver.addresses(host, port).await?).await?;
        socket.set_nodelay(true)?;
        match self.service.tls() {
            None => Ok(Box::new(socket)),
            Some(target) => self.secure(socket, target).await,
        }
    }

    async fn secure(&self, socket: TcpStream, target: &TlsTarget) -> io::Result<Box<dyn Io>> {
        let config = match self.show {
            Show::Own => self.tls.client_config(target, false),
            Show::Nothing => self.tls.anonymous_client_config(target),
        };
        let none = || io::Error::new(io::ErrorKind::NotConnected, "this proxy has no certificate yet");
        let name = ServerName::try_from(target.server_name.to_string()).map_err(io::Error::other)?;
        Ok(Box::new(TlsConnector::from(config.ok_or_else(none)?).connect(name, socket).await?))
    }
}
