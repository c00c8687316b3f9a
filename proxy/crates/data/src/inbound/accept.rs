//! An accepted connection, to its end.

use std::net::SocketAddr;
use std::rc::Rc;

use hauberk_net::original;
use tokio::net::TcpStream;

use crate::inbound::find_out::find_out;
use crate::inbound::known::{Known, Way};
use crate::inbound::pass::opaque;
use crate::inbound::refused::Refused;
use crate::inbound::{gateway, http, labels};
use crate::worker::Worker;

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
