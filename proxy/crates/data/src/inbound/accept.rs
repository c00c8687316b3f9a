//! From an accepted socket to a client and a protocol.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hauberk_core::authorize::{self, Verdict};
use hauberk_core::client_hello::{self, ClientHello};
use hauberk_core::detect::{self, Detected};
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::{Protocol, ServerPolicy};
use hauberk_core::meta::Meta;
use hauberk_net::io::Socket;
use hauberk_net::rewind::Rewind;
use hauberk_net::{listen, original};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::counted::Counted;
use crate::forward::{forward, until_revoked};
use crate::inbound::{Client, direct, http, labels};
use crate::sniff::{Sniffed, sniff};
use crate::stream::Stream;
use crate::worker::Worker;

/// Enough for a request line that is recognised as one.
const HTTP_SNIFF_MAX: usize = 16 * 1024;

/// How the bytes of a connection are read, once that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Http1,
    Http2,
    Opaque,
}

/// Why a connection was closed without a word.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the destination {0} is not an address of this workload")]
    ForeignDestination(IpAddr),
    #[error("the connection loops back to this proxy")]
    Loop,
    #[error("the TLS handshake took too long")]
    HandshakeTimeout,
    #[error("TLS arrived before this proxy has a certificate")]
    NoCertificate,
    #[error("the client may not connect to port {0}")]
    Unauthorized(u16),
    #[error("port {0} takes HTTP only, by policy")]
    NotHttp(u16),
    #[error("the transport header is wrong: {0}")]
    Header(&'static str),
}

/// Handles one connection to its end.
pub(crate) async fn accept(worker: Rc<Worker>, socket: TcpStream, peer: SocketAddr) {
    let peer = original::canonical(peer);
    if let Err(error) = serve(&worker, socket, peer).await {
        labels::connection_error(&worker.shared.metrics, &error);
        tracing::info!(client = %peer, %error, "inbound connection closed");
    }
}

async fn serve(worker: &Rc<Worker>, socket: TcpStream, peer: SocketAddr) -> Result<(), Refused> {
    let config = &worker.shared.config.inbound;
    listen::accepted(&socket, config.accept_keep_alive)?;
    let dst = match config.front {
        Some(_) => original::canonical(socket.local_addr()?),
        None => worker.original(&socket)?,
    };
    if config.front.is_none() && !config.ips.is_empty() && !config.ips.contains(&dst.ip()) {
        return Err(Refused::ForeignDestination(dst.ip()));
    }
    let socket = Counted::new(Socket::Tcp(socket));
    if config.front.is_none() && dst.port() == config.port {
        return direct::serve(worker, socket, peer, dst).await;
    }
    let policy = worker.inbound.policy(worker, dst.port());
    let current = policy.borrow().clone();
    let timeout = match &current.protocol {
        Protocol::Opaque => {
            let client = Client { addr: peer, tls: ClientTls::Plain };
            return opaque(worker, plain(socket, Bytes::new()), client, dst).await;
        }
        Protocol::Detect { timeout, .. } => *timeout,
        _ => config.detect_timeout,
    };
    let deadline = Instant::now() + timeout;
    let (mut stream, client, mut prefix) = terminate(worker, socket, peer, deadline).await?;
    let spoken = match current.protocol {
        Protocol::Tls => Spoken::Opaque,
        _ => {
            // A handshake took its own time; the program's first bytes get theirs.
            let deadline = if client.tls == ClientTls::Plain { deadline } else { Instant::now() + timeout };
            detect_http(&mut stream, &mut prefix, deadline).await?
        }
    };
    let stream = stream.rewound(prefix.freeze());
    match spoken {
        Spoken::Opaque => opaque(worker, stream, client, dst).await,
        http => Ok(http::serve(worker, stream, client, dst, http == Spoken::Http2).await?),
    }
}

/// Whether policy decides by request, so that bytes which are no request must not pass: a route that somebody wrote lets
/// through what it matches and nothing else, whoever may connect.
fn demands_http(policy: &ServerPolicy) -> bool {
    match &policy.protocol {
        Protocol::Http1(_) | Protocol::Http2(_) | Protocol::Grpc(_) => true,
        Protocol::Detect { routes, .. } => routes.iter().any(|route| matches!(*route.meta, Meta::Resource(_))),
        Protocol::Opaque | Protocol::Tls => false,
    }
}

/// Looks for TLS; terminates it if it is for this workload.
async fn terminate(
    worker: &Rc<Worker>,
    mut socket: Counted,
    peer: SocketAddr,
    deadline: Instant,
) -> Result<(Stream, Client, BytesMut), Refused> {
    let mut prefix = BytesMut::new();
    let name = worker.shared.config.inbound.local_name.clone();
    let ours = sniff(&mut socket, &mut prefix, client_hello::MAX, deadline, |bytes| is_ours(bytes, &name)).await?;
    match ours {
        Sniffed::Decided(true) => {
            let stream = handshake(worker, socket, prefix.split().freeze(), deadline, false).await?;
            let tls = hauberk_tls::peer::client_tls(stream.get_ref().1);
            let stream = Stream::Server(Box::new(Rewind::new(stream, Bytes::new())));
            Ok((stream, Client { addr: peer, tls }, BytesMut::new()))
        }
        _ => Ok((plain(socket, Bytes::new()), Client { addr: peer, tls: ClientTls::Plain }, prefix)),
    }
}

/// Some(true): TLS for this workload; Some(false): something else, or TLS of the program's own.
fn is_ours(bytes: &[u8], name: &str) -> Option<bool> {
    match client_hello::parse(bytes) {
        ClientHello::NeedMore => None,
        ClientHello::Found { sni, .. } => Some(sni.is_some_and(|sni| sni.eq_ignore_ascii_case(name))),
        ClientHello::Invalid => Some(false),
    }
}

/// The server side of a TLS handshake whose first bytes were read already.
pub(super) async fn handshake(
    worker: &Worker,
    socket: Counted,
    prefix: Bytes,
    deadline: Instant,
    direct: bool,
) -> Result<TlsStream<Rewind<Counted>>, Refused> {
    // Policy may give a program's first bytes any time, but not a handshake.
    let deadline = deadline.min(Instant::now() + worker.shared.config.inbound.detect_timeout);
    let config = worker.shared.tls.server_config(direct).ok_or(Refused::NoCertificate)?;
    let accepting = TlsAcceptor::from(config).accept(Rewind::new(socket, prefix));
    match tokio::time::timeout_at(deadline, accepting).await {
        Ok(stream) => Ok(stream?),
        Err(_) => Err(Refused::HandshakeTimeout),
    }
}

async fn detect_http(stream: &mut Stream, prefix: &mut BytesMut, deadline: Instant) -> io::Result<Spoken> {
    let sniffed = sniff(stream, prefix, HTTP_SNIFF_MAX, deadline, |bytes| match detect::detect(bytes) {
        Detected::NeedMore => None,
        Detected::Http1 => Some(Spoken::Http1),
        Detected::Http2 => Some(Spoken::Http2),
        Detected::Tls | Detected::Opaque => Some(Spoken::Opaque),
    });
    Ok(match sniffed.await? {
        Sniffed::Decided(spoken) => spoken,
        // Half a request line is still HTTP: the guard and the parser answer it.
        Sniffed::TimedOut | Sniffed::Ended if !prefix.is_empty() && detect::is_http_prefix(prefix) => Spoken::Http1,
        Sniffed::TimedOut | Sniffed::Ended => Spoken::Opaque,
    })
}

/// Joins the client to the program's port, if policy lets it pass bytes that nobody reads.
pub(super) async fn opaque(
    worker: &Rc<Worker>,
    mut stream: Stream,
    client: Client,
    dst: SocketAddr,
) -> Result<(), Refused> {
    let policy = worker.inbound.policy(worker, dst.port());
    let metrics = &worker.shared.metrics;
    let current = policy.borrow().clone();
    if demands_http(&current) {
        return Err(Refused::NotHttp(dst.port()));
    }
    let Verdict::Allow(authorization) = authorize::connection(&current, client.addr.ip(), &client.tls) else {
        labels::tcp_denied(metrics, &current, &client, dst);
        return Err(Refused::Unauthorized(dst.port()));
    };
    let transport = labels::tcp_allowed(metrics, &current, authorization.as_ref(), &client, dst);
    stream.attach(transport);
    let app = worker.inbound.app(worker, dst);
    let allowed = |policy: &Arc<ServerPolicy>| {
        let verdict = authorize::connection(policy, client.addr.ip(), &client.tls);
        matches!(verdict, Verdict::Allow(_)) && !demands_http(policy)
    };
    match forward(stream, &app.connector, until_revoked(policy, allowed)).await {
        Ok(()) => Ok(()),
        Err(crate::forward::ForwardError::Revoked) => {
            labels::tcp_terminated(metrics, &current, &client, dst);
            Err(Refused::Unauthorized(dst.port()))
        }
        Err(error) => Err(Refused::Io(io::Error::other(error))),
    }
}

fn plain(socket: Counted, prefix: Bytes) -> Stream {
    Stream::Plain(Box::new(Rewind::new(socket, prefix)))
}
