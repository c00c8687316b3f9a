//! From a connection of the program to a destination and a protocol.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::rc::Rc;

use bytes::BytesMut;
use hauberk_core::probe::is_probe;
use hauberk_net::io::Socket;
use hauberk_net::{listen, original};
use tokio::net::TcpStream;

use crate::config::Inbound;
use crate::counted::Counted;
use crate::http::error::ProxyError;
use crate::outbound::destination::{Destination, Place};
use crate::outbound::reading::{self, Bytes, Spoken};
use crate::outbound::stack::Reading;
use crate::outbound::{http, labels, opaque};
use crate::stream::Stream;
use crate::worker::Worker;

/// Why a connection was closed without a word.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0} is not an address of this workload: only its own programs are served")]
    ForeignClient(IpAddr),
    #[error("{0} is this proxy or a loopback address, or leads back to it: it would reach itself")]
    Loop(SocketAddr),
    #[error("the control plane said nothing about {0} in time")]
    Unknown(Place),
    #[error("what the program sends to {0} is no HTTP, and somebody wrote routes for it")]
    NotHttp(Place),
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
            Refused::NotHttp(_) => "not http",
            Refused::Policy(error) => error.kind.label(),
        }
    }
}

/// Handles one connection to its end.
pub(crate) async fn accept(worker: Rc<Worker>, socket: TcpStream, peer: SocketAddr) {
    let peer = original::canonical(peer);
    let served = match destination(&worker, &socket, peer) {
        Ok(destination) => {
            destination.touch();
            let served = routed(&worker, Socket::Tcp(socket), peer, &destination, |reading| reading).await;
            destination.touch();
            served
        }
        Err(error) => Err(error),
    };
    if let Err(error) = served {
        labels::connection_error(&worker.shared.metrics, error.label());
        tracing::info!(client = %peer, %error, "outbound connection closed");
    }
}

/// Where the program wants to go.
fn destination(worker: &Rc<Worker>, socket: &TcpStream, peer: SocketAddr) -> Result<Rc<Destination>, Refused> {
    let config = &worker.shared.config;
    listen::accepted(socket, config.outbound.accept_keep_alive)?;
    let dst = worker.original(socket)?;
    let local = original::canonical(socket.local_addr()?);
    check(&config.inbound, peer.ip(), dst, local)?;
    Ok(worker.outbound.destination(worker, dst))
}

/// Only the workload's own programs are served, and never the proxy itself.
fn check(inbound: &Inbound, peer: IpAddr, dst: SocketAddr, local: SocketAddr) -> Result<(), Refused> {
    let own = &inbound.ips;
    if !peer.is_loopback() && !own.is_empty() && !own.contains(&peer) {
        return Err(Refused::ForeignClient(peer));
    }
    let to_inbound = dst.port() == inbound.port && own.contains(&dst.ip());
    if dst.ip().is_loopback() || dst.ip().is_unspecified() || dst == local || to_inbound || is_probe(dst) {
        return Err(Refused::Loop(dst));
    }
    Ok(())
}

/// Serves a connection of HTTP that was made within this proxy, to its end.
pub(crate) async fn serve_within(worker: Rc<Worker>, socket: Socket, peer: SocketAddr, destination: Rc<Destination>) {
    destination.touch();
    // Whoever may not get through hears it as an answer.
    let http = |reading| match reading {
        Reading::Detect { .. } | Reading::Refused => Reading::Detect { takes_bytes: false },
        reading => reading,
    };
    if let Err(error) = routed(&worker, socket, peer, &destination, http).await {
        labels::connection_error(&worker.shared.metrics, error.label());
        tracing::info!(destination = %destination.place(), %error, "connection of the gateway closed");
    }
    destination.touch();
}

/// Carries bytes that nobody reads to `destination`; an error is a text for people.
pub(crate) async fn carry(worker: &Rc<Worker>, stream: Stream, destination: &Rc<Destination>) -> Result<(), String> {
    destination.touch();
    let patience = worker.shared.config.outbound.discovery_timeout;
    let carried = match destination.ready(worker, patience).await {
        Some(_) => opaque::serve(worker, stream, destination, None, None).await,
        None => Err(Refused::Unknown(destination.place().clone())),
    };
    destination.touch();
    carried.map_err(|error| error.to_string())
}

async fn routed(
    worker: &Rc<Worker>,
    socket: Socket,
    peer: SocketAddr,
    destination: &Rc<Destination>,
    read_as: impl FnOnce(Reading) -> Reading,
) -> Result<(), Refused> {
    // In boxes: most connections do nothing most of the time, and then hold what the last part of their way needs.
    let last = Box::pin(find_out(worker, socket, peer, destination, read_as)).await?;
    match last {
        Some(last) => last.await,
        None => Ok(()),
    }
}

/// Finds out what the program speaks. Returns the last part of the connection's way; `None`: it is over.
async fn find_out<'a>(
    worker: &'a Rc<Worker>,
    socket: Socket,
    peer: SocketAddr,
    destination: &'a Rc<Destination>,
    read_as: impl FnOnce(Reading) -> Reading,
) -> Result<Option<Pin<Box<dyn Future<Output = Result<(), Refused>> + 'a>>>, Refused> {
    let patience = worker.shared.config.outbound.discovery_timeout;
    let stack = destination.ready(worker, patience).await;
    let stack = stack.ok_or_else(|| Refused::Unknown(destination.place().clone()))?;
    let reading = read_as(stack.reading);
    labels::protocol(&worker.shared.metrics, reading);
    drop(stack); // so that a connection does not hold an old version of the policy
    let mut socket = Counted::new(socket);
    let mut heard = BytesMut::new();
    let spoken = reading::read(worker, &mut socket, &mut heard, destination, reading).await;
    let tls = match &spoken {
        Ok(Spoken::Bytes(bytes)) => bytes.tls.as_ref(),
        _ => None,
    };
    destination.label(worker, &mut socket, tls.map(Option::as_deref));
    let stream = || Stream::plain(socket).rewound(heard.freeze());
    let http2 = match spoken? {
        Spoken::Nothing => return Ok(None),
        Spoken::Bytes(Bytes { tls, server }) => {
            if let Some(server_name) = &tls {
                tracing::debug!(client = %peer, destination = %destination.place(), server_name, "TLS of the program's own");
            }
            let server = server.map(|dialled| (dialled.stream, dialled.with.load));
            return Ok(Some(Box::pin(opaque::serve(worker, stream(), destination, tls.flatten(), server))));
        }
        Spoken::Http1 => false,
        Spoken::Http2 => true,
    };
    let stream = stream();
    Ok(Some(Box::pin(async move {
        http::serve(worker, stream, destination.clone(), peer, http2).await;
        Ok(())
    })))
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
            http: Default::default(),
            gateway: Default::default(),
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
        for dst in [(own, 4140), (own, 4143), ([127, 0, 0, 1], 8080), ([0, 0, 0, 0], 8080), ([192, 0, 2, 1], 20001)] {
            assert_eq!(verdict(own, dst), Err("loop"), "{dst:?}");
        }
    }
}
