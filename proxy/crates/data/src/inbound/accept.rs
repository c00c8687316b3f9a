//! From an accepted socket to a client and a protocol.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use hauberk_core::authorize::{self, Verdict};
use hauberk_core::client_hello::{self, ClientHello};
use hauberk_core::detect::{self, Detected};
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::{Protocol, ServerPolicy};
use hauberk_core::meta::Meta;
use hauberk_core::transport_header::Header;
use hauberk_metrics::families::{DataMetrics, Direction};
use hauberk_net::io::Socket;
use hauberk_net::{listen, original};
use hauberk_tls::stream::{self, Agreed};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::counted::Counted;
use crate::detection;
use crate::first_word;
use crate::forward::{ForwardError, forward, join, until_revoked};
use crate::inbound::silence::{self, Silence};
use crate::inbound::{Client, direct, gateway, http, labels};
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
    #[error("{0} is no destination of this gateway")]
    GatewayDomain(String),
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
    // In boxes: most connections do nothing most of the time, and then hold what the last part of their way needs.
    let Some(Known { stream, client, dst, way }) = Box::pin(find_out(worker, socket, peer)).await? else {
        return Ok(());
    };
    match way {
        Way::Bytes(program) => Box::pin(opaque(worker, stream, client, dst, program)).await,
        Way::Http(http2) => Ok(Box::pin(http::serve(worker, stream, client, dst, http2, None)).await?),
        Way::Gateway(header) => Box::pin(gateway::serve(worker, stream, client, dst, &header)).await,
    }
}

/// A connection of which is known who it is from and how it is read.
pub(super) struct Known {
    pub(super) stream: Stream,
    pub(super) client: Client,
    pub(super) dst: SocketAddr,
    pub(super) way: Way,
}

/// The last part of a connection's way.
pub(super) enum Way {
    /// To the program, as bytes that nobody reads; with the connection that a silence led to, if there is one.
    Bytes(Option<Stream>),
    /// To the program, by requests; true: of HTTP/2.
    Http(bool),
    /// Through this gateway, to where the header says.
    Gateway(Header),
}

/// `None`: it is over.
async fn find_out(worker: &Rc<Worker>, socket: TcpStream, peer: SocketAddr) -> Result<Option<Known>, Refused> {
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
        return direct::find_out(worker, socket, peer, dst).await.map(Some);
    }
    let current = worker.inbound.policy(worker, dst.port()).borrow().clone();
    let client = Client { addr: peer, tls: ClientTls::Plain, own_tls: None };
    let timeout = match &current.protocol {
        Protocol::Opaque => {
            return Ok(Some(Known { stream: Stream::plain(socket), client, dst, way: Way::Bytes(None) }));
        }
        Protocol::Detect { timeout, .. } => *timeout,
        _ => config.detect_timeout,
    };
    detect(worker, socket, client, dst, &current, timeout).await
}

/// Finds out what the client speaks, in and under TLS.
async fn detect(
    worker: &Rc<Worker>,
    mut socket: Counted,
    mut client: Client,
    dst: SocketAddr,
    policy: &ServerPolicy,
    timeout: Duration,
) -> Result<Option<Known>, Refused> {
    let mut heard = BytesMut::new();
    let mut program = match silence::broken(worker, &mut socket, &mut heard, policy, &client, dst, timeout).await? {
        Silence::Broken(program) => program,
        Silence::Bytes(program) => {
            return Ok(Some(Known { stream: Stream::plain(socket), client, dst, way: Way::Bytes(program) }));
        }
        Silence::Over => return Ok(None),
    };
    let deadline = Instant::now() + timeout;
    let mut stream = match find_tls(worker, &mut socket, &mut heard, deadline).await? {
        Tls::Ours => {
            // Who the client is, and what it may, is known only now.
            program.take().into_iter().for_each(first_word::close);
            let agreed = Box::pin(handshake(worker, socket, &heard.split(), deadline, false)).await?;
            client.tls = hauberk_tls::peer::client_tls(agreed.peer.as_ref());
            Stream::tls(agreed.stream)
        }
        Tls::OfTheProgram(name) => {
            client.own_tls = Some(worker.inbound.server_names.label(name.as_deref()));
            Stream::plain(socket)
        }
        Tls::None => Stream::plain(socket),
    };
    if client.tls != ClientTls::Plain {
        program = match silence::broken(worker, &mut stream, &mut heard, policy, &client, dst, timeout).await? {
            Silence::Broken(program) => program,
            Silence::Bytes(program) => return Ok(Some(Known { stream, client, dst, way: Way::Bytes(program) })),
            Silence::Over => return Ok(None),
        };
    }
    let spoken = match &policy.protocol {
        Protocol::Tls => Spoken::Opaque,
        _ => {
            // A handshake took its own time; the program's first bytes get theirs.
            let deadline = if client.tls == ClientTls::Plain { deadline } else { Instant::now() + timeout };
            detect_http(&worker.shared.metrics, &mut stream, &mut heard, deadline).await?
        }
    };
    let stream = stream.rewound(heard.freeze());
    let way = match spoken {
        Spoken::Opaque => Way::Bytes(program),
        Spoken::Http1 | Spoken::Http2 => {
            program.into_iter().for_each(first_word::close);
            Way::Http(spoken == Spoken::Http2)
        }
    };
    Ok(Some(Known { stream, client, dst, way }))
}

/// Whether policy decides by request, so that bytes which are no request must not pass: a route that somebody wrote lets
/// through what it matches and nothing else, whoever may connect.
pub(super) fn demands_http(policy: &ServerPolicy) -> bool {
    match &policy.protocol {
        Protocol::Http1(_) | Protocol::Http2(_) | Protocol::Grpc(_) => true,
        Protocol::Detect { routes, .. } => routes.iter().any(|route| matches!(*route.meta, Meta::Resource(_))),
        Protocol::Opaque | Protocol::Tls => false,
    }
}

/// TLS at the start of a connection.
enum Tls {
    /// For this workload: this proxy terminates it.
    Ours,
    /// The program's own, with the name that the client asks for.
    OfTheProgram(Option<String>),
    None,
}

async fn find_tls(worker: &Worker, socket: &mut Counted, heard: &mut BytesMut, deadline: Instant) -> io::Result<Tls> {
    let local = &worker.shared.config.inbound.local_name;
    let sniffed = sniff(socket, heard, client_hello::MAX, deadline, |bytes| match client_hello::parse(bytes) {
        ClientHello::NeedMore => None,
        ClientHello::Found { sni: Some(name) } if name.eq_ignore_ascii_case(local) => Some(Tls::Ours),
        ClientHello::Found { sni } => Some(Tls::OfTheProgram(sni)),
        ClientHello::Invalid => Some(Tls::None),
    });
    Ok(match sniffed.await? {
        Sniffed::Decided(tls) => tls,
        Sniffed::TimedOut | Sniffed::Ended => Tls::None,
    })
}

/// The server side of a TLS handshake whose first bytes were read already.
pub(super) async fn handshake(
    worker: &Worker,
    socket: Counted,
    received: &[u8],
    deadline: Instant,
    direct: bool,
) -> Result<Agreed<Counted>, Refused> {
    // Policy may give a program's first bytes any time, but not a handshake.
    let deadline = deadline.min(Instant::now() + worker.shared.config.inbound.detect_timeout);
    let config = worker.shared.tls.server_config(direct).ok_or(Refused::NoCertificate)?;
    match tokio::time::timeout_at(deadline, stream::accept(socket, received, config)).await {
        Ok(stream) => Ok(stream?),
        Err(_) => Err(Refused::HandshakeTimeout),
    }
}

async fn detect_http(
    metrics: &DataMetrics,
    stream: &mut Stream,
    heard: &mut BytesMut,
    deadline: Instant,
) -> io::Result<Spoken> {
    let began = Instant::now();
    let sniffed = sniff(stream, heard, HTTP_SNIFF_MAX, deadline, |bytes| match detect::detect(bytes) {
        Detected::NeedMore => None,
        detected => Some(detected),
    });
    let sniffed = sniffed.await;
    detection::count(metrics, Direction::Inbound, &sniffed, began);
    Ok(match sniffed? {
        Sniffed::Decided(Detected::Http1) => Spoken::Http1,
        Sniffed::Decided(Detected::Http2) => Spoken::Http2,
        Sniffed::Decided(_) => Spoken::Opaque,
        // Half a request line is still HTTP: the guard and the parser answer it.
        Sniffed::TimedOut | Sniffed::Ended if detect::is_http_prefix(heard) => Spoken::Http1,
        Sniffed::TimedOut | Sniffed::Ended => Spoken::Opaque,
    })
}

/// Joins the client to the program's port, if policy lets it pass bytes that nobody reads. `program`: by this connection.
fn opaque(
    worker: &Rc<Worker>,
    stream: Stream,
    client: Client,
    dst: SocketAddr,
    program: Option<Stream>,
) -> impl Future<Output = Result<(), Refused>> {
    let app = worker.inbound.app(worker, dst);
    let carry = async move |stream| match program {
        Some(program) => join(stream, program).await,
        None => forward(stream, &app.connector).await,
    };
    pass(worker, stream, client, dst, carry)
}

/// Lets `carry` have the client's bytes for as long as the policy of `dst` lets bytes pass that nobody reads.
pub(super) async fn pass(
    worker: &Rc<Worker>,
    mut stream: Stream,
    client: Client,
    dst: SocketAddr,
    carry: impl AsyncFnOnce(Stream) -> Result<(), ForwardError>,
) -> Result<(), Refused> {
    let policy = worker.inbound.policy(worker, dst.port());
    let metrics = &worker.shared.metrics;
    let current = policy.borrow().clone();
    if demands_http(&current) {
        return Err(Refused::NotHttp(dst.port()));
    }
    match authorize::connection(&current, client.addr.ip(), &client.tls) {
        Verdict::Allow(authorization) => {
            stream.attach(labels::tcp_allowed(metrics, &current, authorization.as_ref(), &client, dst));
        }
        Verdict::Deny => {
            labels::tcp_denied(metrics, &current, &client, dst);
            return Err(Refused::Unauthorized(dst.port()));
        }
    }
    let allowed = |policy: &Arc<ServerPolicy>| passes_bytes(policy, &client);
    tokio::select! {
        carried = carry(stream) => Ok(carried.map_err(io::Error::other)?),
        () = until_revoked(policy, allowed) => {
            labels::tcp_terminated(metrics, &current, &client, dst);
            Err(Refused::Unauthorized(dst.port()))
        }
    }
}

/// Whether the client may pass bytes that nobody reads.
pub(super) fn passes_bytes(policy: &ServerPolicy, client: &Client) -> bool {
    let verdict = authorize::connection(policy, client.addr.ip(), &client.tls);
    matches!(verdict, Verdict::Allow(_)) && !demands_http(policy)
}
