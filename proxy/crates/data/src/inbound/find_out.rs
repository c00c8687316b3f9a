//! Finds out who connects and how what it says is read.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use hauberk_core::client_hello::{self, ClientHello};
use hauberk_core::detect::{self, Detected};
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::{Protocol, ServerPolicy};
use hauberk_metrics::families::{DataMetrics, Direction};
use hauberk_net::io::Socket;
use hauberk_net::{listen, original};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::counted::Counted;
use crate::detection;
use crate::first_word;
use crate::inbound::handshake::handshake;
use crate::inbound::known::{Known, Way};
use crate::inbound::refused::Refused;
use crate::inbound::silence::{self, Silence};
use crate::inbound::{Client, direct};
use crate::sniff::{Sniffed, sniff};
use crate::stream::Stream;
use crate::worker::Worker;

/// Enough for a request line that is recognised as one.
const HTTP_SNIFF_MAX: usize = 16 * 1024;

/// How the bytes of a connection are read, once that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoken {
    Http1,
    Http2,
    Opaque,
}

/// `None`: it is over.
pub(super) async fn find_out(
    worker: &Rc<Worker>,
    socket: TcpStream,
    peer: SocketAddr,
) -> Result<Option<Known>, Refused> {
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
