//! Connections that another proxy made to this one: mutual TLS, and a header that names the real destination.

use std::net::SocketAddr;
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use hauberk_core::identity::ClientTls;
use hauberk_core::transport_header::{self, ALPN, Decoded, Session};
use hauberk_net::rewind::Rewind;
use tokio::time::Instant;

use crate::counted::Counted;
use crate::inbound::accept::{Refused, handshake, opaque};
use crate::inbound::{Client, gateway, http, labels};
use crate::sniff::{Sniffed, sniff};
use crate::stream::Stream;
use crate::worker::Worker;

pub(super) async fn serve(
    worker: &Rc<Worker>,
    socket: Counted,
    peer: SocketAddr,
    local: SocketAddr,
) -> Result<(), Refused> {
    let timeout = worker.shared.config.inbound.detect_timeout;
    let deadline = Instant::now() + timeout;
    let stream = Box::pin(handshake(worker, socket, Bytes::new(), deadline, true)).await?;
    let tls = hauberk_tls::peer::client_tls(stream.get_ref().1);
    if !matches!(tls, ClientTls::Identified { .. }) {
        return Err(Refused::Header("it needs a client with an identity"));
    }
    if stream.get_ref().1.alpn_protocol() != Some(ALPN) {
        return Err(Refused::Header("the client did not negotiate it"));
    }
    let mut stream = Stream::Server(Box::new(Rewind::new(stream, Bytes::new())));
    let mut prefix = BytesMut::new();
    let decide = |bytes: &[u8]| match transport_header::decode(bytes) {
        Decoded::NeedMore => None,
        Decoded::Done(header, consumed) => Some(Ok((header, consumed))),
        Decoded::Invalid(reason) => Some(Err(reason)),
    };
    let header = sniff(&mut stream, &mut prefix, transport_header::MAX, deadline, decide).await?;
    let (header, consumed) = match header {
        Sniffed::Decided(header) => header.map_err(Refused::Header)?,
        Sniffed::TimedOut => return Err(Refused::Header("it did not arrive in time")),
        Sniffed::Ended => return Err(Refused::Header("the connection ended before it")),
    };
    let _ = prefix.split_to(consumed);
    let client = Client { addr: peer, tls, own_tls: None };
    labels::transport_header(&worker.shared.metrics, &header, &client);
    let stream = stream.rewound(prefix.freeze());
    if let Some(name) = &header.name {
        return Box::pin(gateway::serve(worker, stream, client, local, name, &header)).await;
    }
    if header.port == worker.shared.config.inbound.port {
        return Err(Refused::Loop);
    }
    let dst = SocketAddr::new(local.ip(), header.port);
    match header.session {
        None => opaque(worker, stream, client, dst, None).await,
        Some(session) => Ok(http::serve(worker, stream, client, dst, session == Session::Http2, None).await?),
    }
}
