//! Connections that another proxy made to this one: mutual TLS, and a header that names the real destination.

use std::net::SocketAddr;
use std::rc::Rc;

use bytes::BytesMut;
use hauberk_core::identity::ClientTls;
use hauberk_core::transport_header::{self, ALPN, Decoded, Session};
use tokio::time::Instant;

use crate::counted::Counted;
use crate::inbound::handshake::handshake;
use crate::inbound::known::{Known, Way};
use crate::inbound::refused::Refused;
use crate::inbound::{Client, labels};
use crate::sniff::{Sniffed, sniff};
use crate::stream::Stream;
use crate::worker::Worker;

/// Finds out who the client is, and where it wants to go.
pub(super) async fn find_out(
    worker: &Rc<Worker>,
    socket: Counted,
    peer: SocketAddr,
    local: SocketAddr,
) -> Result<Known, Refused> {
    let timeout = worker.shared.config.inbound.detect_timeout;
    let deadline = Instant::now() + timeout;
    let agreed = Box::pin(handshake(worker, socket, &[], deadline, true)).await?;
    let tls = hauberk_tls::peer::client_tls(agreed.peer.as_ref());
    if !matches!(tls, ClientTls::Identified { .. }) {
        return Err(Refused::Header("it needs a client with an identity"));
    }
    if agreed.alpn.as_deref() != Some(ALPN) {
        return Err(Refused::Header("the client did not negotiate it"));
    }
    let mut stream = Stream::tls(agreed.stream);
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
    if header.name.is_some() {
        return Ok(Known { stream, client, dst: local, way: Way::Gateway(header) });
    }
    if header.port == worker.shared.config.inbound.port {
        return Err(Refused::Loop);
    }
    let dst = SocketAddr::new(local.ip(), header.port);
    let way = header.session.map_or(Way::Bytes(None), |session| Way::Http(session == Session::Http2));
    Ok(Known { stream, client, dst, way })
}
