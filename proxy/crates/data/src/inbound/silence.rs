//! A client of the program that says nothing: it may be waiting for the program's first word.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use hauberk_core::inbound::{Protocol, ServerPolicy};
use tokio::io::AsyncRead;

use crate::accept::Side;
use crate::connect::ConnectError;
use crate::first_word::{self, Dialled, First, Unreachable};
use crate::inbound::Client;
use crate::inbound::pass::passes_bytes;
use crate::inbound::refused::Refused;
use crate::stream::Stream;
use crate::worker::Worker;

/// How a silence ended.
pub(super) enum Silence {
    /// The client spoke, or is not waited for here; with the program's connection, if there is one.
    Broken(Option<Stream>),
    /// Nobody will look at the client's bytes: the program spoke first, or the client only listens.
    Bytes(Option<Stream>),
    /// The connection is over.
    Over,
}

/// Waits for a first word where policy leaves it open what that is, and lets this client pass bytes that nobody reads. The
/// client's own is then in `heard`.
pub(super) async fn broken<C>(
    worker: &Rc<Worker>,
    client_stream: &mut C,
    heard: &mut BytesMut,
    policy: &ServerPolicy,
    client: &Client,
    dst: SocketAddr,
    timeout: Duration,
) -> Result<Silence, Refused>
where
    C: AsyncRead + Unpin,
{
    if !matches!(policy.protocol, Protocol::Detect { .. }) {
        return Ok(Silence::Broken(None));
    }
    match first_word::at_once(client_stream, heard).await? {
        Some(0) => Ok(Silence::Bytes(None)),
        None if passes_bytes(policy, client) => Box::pin(wait(worker, client_stream, heard, dst, timeout)).await,
        Some(_) | None => Ok(Silence::Broken(None)),
    }
}

async fn wait<C>(
    worker: &Rc<Worker>,
    client: &mut C,
    heard: &mut BytesMut,
    dst: SocketAddr,
    timeout: Duration,
) -> Result<Silence, Refused>
where
    C: AsyncRead + Unpin,
{
    let greeters = &worker.inbound.greeters;
    match first_word::first(client, heard, timeout, dial(worker, dst)).await? {
        First::Client { ended: true, server } => Ok(Silence::Bytes(server.map(|dialled| dialled.stream))),
        First::Client { ended: false, server } => {
            greeters.unlearn(&dst);
            Ok(Silence::Broken(server.map(|dialled| dialled.stream)))
        }
        First::Server(dialled) => {
            greeters.learn(dst);
            Ok(Silence::Bytes(Some(dialled.stream)))
        }
        First::Closed => Ok(Silence::Over),
        First::Unreachable(error) => Err(Refused::Io(io::Error::other(error))),
        First::Nobody if first_word::client_alone(client, heard, &worker.drain.of(Side::Inbound)).await? => {
            Ok(Silence::Broken(None))
        }
        First::Nobody => Ok(Silence::Over),
    }
}

async fn dial(worker: &Rc<Worker>, dst: SocketAddr) -> Result<Dialled<()>, Unreachable<ConnectError>> {
    let greeters = &worker.inbound.greeters;
    greeters.wait_for_client(&dst).await;
    match worker.inbound.app(worker, dst).connector.connect().await {
        Ok(stream) => Ok(Dialled { stream, is_program: true, with: () }),
        Err(error) => Err(Unreachable { error, awaited: greeters.know(&dst) }),
    }
}
