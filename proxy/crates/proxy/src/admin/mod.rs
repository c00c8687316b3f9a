//! The admin endpoints: is it alive, is it ready, what does it count, what is it told (facts of Linkerd's port 4191).

mod env;
mod routes;
mod scrape;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use hauberk_metrics::text::Format;
use hauberk_tls::store::Store;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::logging::Log;

/// Connections at once: enough for probes and scrapers; more wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may say nothing until it is taken for one without TLS.
const DETECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The first byte of TLS (RFC 8446 section 5.1: a handshake record); no method of HTTP begins with it.
const TLS_HANDSHAKE: u8 = 22;
/// How long a client may take for a handshake, and for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection asks for no more after this long, and must then be over soon: a client that does not read what it asked
/// for takes no place from the probes for good.
const LIFETIME: Duration = Duration::from_secs(60);
const GRACE: Duration = Duration::from_secs(10);
/// A pause after the kernel refused to accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the endpoints show and do.
pub(crate) struct Admin {
    /// Set once the first certificate is there; never taken back.
    pub(crate) ready: Arc<AtomicBool>,
    /// The text of `/metrics`.
    pub(crate) metrics: Box<dyn Fn(Format) -> String>,
    /// The proxy's log.
    pub(crate) log: Log,
    /// For clients that speak TLS, once there is a certificate.
    pub(crate) tls: Arc<Store>,
    /// Told to end the proxy; `None` where `/shutdown` is not enabled.
    pub(crate) shutdown: Option<Arc<Notify>>,
}

impl Admin {
    /// Serves until the task is dropped; runs within a `LocalSet`.
    pub(crate) async fn serve(self: Rc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            // The semaphore is never closed.
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((socket, peer)) => {
                    let admin = self.clone();
                    tokio::task::spawn_local(async move {
                        admin.connection(socket, peer).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the admin endpoints cannot accept connections for now");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn connection(self: Rc<Self>, socket: TcpStream, peer: SocketAddr) {
        let mut first = [0];
        // Whoever says nothing is left to the time that a head may take; an end or an error shows again when it is read.
        let spoken = timeout(DETECT_TIMEOUT, socket.peek(&mut first)).await;
        if !matches!(spoken, Ok(Ok(1))) || first != [TLS_HANDSHAKE] {
            return self.requests(socket, peer).await;
        }
        let Some(config) = self.tls.server_config(false) else {
            tracing::debug!(%peer, "an admin client speaks TLS, and there is no certificate yet");
            return;
        };
        match timeout(HEAD_TIMEOUT, TlsAcceptor::from(config).accept(socket)).await {
            Ok(Ok(stream)) => self.requests(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "an admin client's TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "an admin client's TLS handshake took too long"),
        }
    }

    async fn requests(self: Rc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin, peer: SocketAddr) {
        let local = peer.ip().to_canonical().is_loopback();
        let service = service_fn(move |request| {
            let admin = self.clone();
            async move { Ok::<_, Infallible>(routes::answer(&admin, request, local).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => Ok(served),
            () = tokio::time::sleep(LIFETIME) => {
                connection.as_mut().graceful_shutdown();
                timeout(GRACE, connection).await
            }
        };
        match served {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%peer, %error, "an admin connection ended early"),
            Err(_) => tracing::info!(%peer, "admin connection closed: its client does not read"),
        }
    }
}

#[cfg(test)]
mod tests;
