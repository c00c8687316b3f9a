//! From a connection of the program to a destination and a protocol.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use hauberk_core::client_hello::{self, ClientHello};
use hauberk_core::detect::{self, Detected};
use hauberk_net::io::Socket;
use hauberk_net::rewind::Rewind;
use hauberk_net::{listen, original};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::config::Inbound;
use crate::counted::Counted;
use crate::http::error::ProxyError;
use crate::outbound::destination::Destination;
use crate::outbound::stack::Reading;
use crate::outbound::{http, labels, opaque};
use crate::sniff::{Sniffed, sniff};
use crate::stream::Stream;
use crate::worker::Worker;

/// Enough for a request line that is recognised as one.
const HTTP_SNIFF_MAX: usize = 16 * 1024;

/// Why a connection was closed without a word.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0} is not an address of this workload: only its own programs are served")]
    ForeignClient(IpAddr),
    #[error("{0} is this proxy or a loopback address, where it would reach itself")]
    Loop(SocketAddr),
    #[error("the control plane said nothing about {0} in time")]
    Unknown(SocketAddr),
    #[error(transparent)]
    Policy(#[from] ProxyError),
    #[error(transparent)]
    Forward(#[from] crate::forward::ForwardError),
}

impl Refused {
    fn label(&self) -> &'static str {
        match self {
            Refused::Io(_) | Refused::Forward(_) => "i/o",
            Refused::ForeignClient(_) => "foreign client",
            Refused::Loop(_) => "loop",
            Refused::Unknown(_) => "failfast",
            Refused::Policy(error) => error.kind.label(),
        }
    }
}

/// What the first bytes of a connection are.
enum Spoken {
    Http1,
    Http2,
    Opaque,
}

/// Handles one connection to its end.
pub(crate) async fn accept(worker: Rc<Worker>, socket: TcpStream, peer: SocketAddr) {
    let peer = original::canonical(peer);
    if let Err(error) = serve(&worker, socket, peer).await {
        labels::connection_error(&worker.shared.metrics, error.label());
        tracing::info!(client = %peer, %error, "outbound connection closed");
    }
}

async fn serve(worker: &Rc<Worker>, socket: TcpStream, peer: SocketAddr) -> Result<(), Refused> {
    let config = &worker.shared.config;
    listen::accepted(&socket, config.outbound.accept_keep_alive)?;
    let dst = worker.original(&socket)?;
    let local = original::canonical(socket.local_addr()?);
    check(&config.inbound, peer.ip(), dst, local)?;
    let destination = worker.outbound.destination(worker, dst);
    destination.touch();
    let served = routed(worker, socket, peer, &destination).await;
    destination.touch();
    served
}

/// Only the workload's own programs are served, and never the proxy itself.
fn check(inbound: &Inbound, peer: IpAddr, dst: SocketAddr, local: SocketAddr) -> Result<(), Refused> {
    let own = &inbound.ips;
    if !peer.is_loopback() && !own.is_empty() && !own.contains(&peer) {
        return Err(Refused::ForeignClient(peer));
    }
    let to_inbound = dst.port() == inbound.port && own.contains(&dst.ip());
    if dst.ip().is_loopback() || dst.ip().is_unspecified() || dst == local || to_inbound {
        return Err(Refused::Loop(dst));
    }
    Ok(())
}

async fn routed(
    worker: &Rc<Worker>,
    socket: TcpStream,
    peer: SocketAddr,
    destination: &Rc<Destination>,
) -> Result<(), Refused> {
    let config = &worker.shared.config.outbound;
    let dst = destination.addr();
    let stack = destination.ready(worker, config.discovery_timeout).await.ok_or(Refused::Unknown(dst))?;
    let mut socket = Counted::new(Socket::Tcp(socket));
    socket.attach(labels::accepted(&worker.shared.metrics, dst));
    let mut prefix = BytesMut::new();
    let deadline = Instant::now() + config.detect_timeout;
    let mut server_name = None;
    let spoken = match stack.reading {
        Reading::Detect => detect_http(&mut socket, &mut prefix, deadline).await?,
        Reading::Http1 => Some(Spoken::Http1),
        Reading::Http2 => Some(Spoken::Http2),
        Reading::Tls => {
            server_name = read_server_name(&mut socket, &mut prefix, deadline).await?;
            Some(Spoken::Opaque)
        }
        Reading::Opaque | Reading::Refused => Some(Spoken::Opaque),
    };
    drop(stack); // so that a connection does not hold an old version of the policy
    let stream = Stream::Plain(Box::new(Rewind::new(socket, Bytes::new()))).rewound(prefix.freeze());
    match spoken {
        None => Ok(()),
        Some(Spoken::Opaque) => opaque::serve(worker, stream, destination, server_name.as_deref()).await,
        Some(http) => {
            let http2 = matches!(http, Spoken::Http2);
            http::serve(worker, stream, destination.clone(), peer, http2).await;
            Ok(())
        }
    }
}

/// `None`: the client went away without a byte. A client that waits for the server to speak first is let through once
/// the time is over.
async fn detect_http(socket: &mut Counted, prefix: &mut BytesMut, deadline: Instant) -> io::Result<Option<Spoken>> {
    let sniffed = sniff(socket, prefix, HTTP_SNIFF_MAX, deadline, |bytes| match detect::detect(bytes) {
        Detected::NeedMore => None,
        Detected::Http1 => Some(Spoken::Http1),
        Detected::Http2 => Some(Spoken::Http2),
        Detected::Tls | Detected::Opaque => Some(Spoken::Opaque),
    });
    Ok(match sniffed.await? {
        Sniffed::Decided(spoken) => Some(spoken),
        Sniffed::Ended if prefix.is_empty() => None,
        Sniffed::TimedOut | Sniffed::Ended if detect::is_http_prefix(prefix) => Some(Spoken::Http1),
        Sniffed::TimedOut | Sniffed::Ended => Some(Spoken::Opaque),
    })
}

/// The server name that the program's own TLS asks for.
async fn read_server_name(
    socket: &mut Counted,
    prefix: &mut BytesMut,
    deadline: Instant,
) -> io::Result<Option<String>> {
    let sniffed = sniff(socket, prefix, client_hello::MAX, deadline, |bytes| match client_hello::parse(bytes) {
        ClientHello::NeedMore => None,
        ClientHello::Found { sni } => Some(sni),
        ClientHello::Invalid => Some(None),
    });
    Ok(match sniffed.await? {
        Sniffed::Decided(name) => name,
        Sniffed::TimedOut | Sniffed::Ended => None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use hauberk_net::listen::KeepAlive;

    use super::*;

    fn verdict(peer: [u8; 4], dst: ([u8; 4], u16)) -> Result<(), &'static str> {
        let inbound = Inbound {
            port: 4143,
            ips: vec![[10, 77, 0, 9].into()],
            local_name: Arc::from("a"),
            detect_timeout: Duration::ZERO,
            connect_timeout: Duration::ZERO,
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 0,
            idle_timeout: Duration::ZERO,
            discovery_idle: Duration::ZERO,
            front: None,
        };
        let local = SocketAddr::from(([10, 77, 0, 9], 4140));
        check(&inbound, peer.into(), dst.into(), local).map_err(|refused| refused.label())
    }

    #[test]
    fn only_local_programs_are_served() {
        assert_eq!(verdict([10, 77, 0, 9], ([10, 78, 0, 1], 80)), Ok(()));
        assert_eq!(verdict([127, 0, 0, 1], ([10, 78, 0, 1], 80)), Ok(()));
        assert_eq!(verdict([10, 77, 0, 8], ([10, 78, 0, 1], 80)), Err("foreign client"));
    }

    #[test]
    fn nothing_leads_back_to_the_proxy() {
        let own = [10, 77, 0, 9];
        assert_eq!(verdict(own, (own, 8080)), Ok(()));
        for dst in [(own, 4140), (own, 4143), ([127, 0, 0, 1], 8080), ([0, 0, 0, 0], 8080)] {
            assert_eq!(verdict(own, dst), Err("loop"), "{dst:?}");
        }
    }
}
