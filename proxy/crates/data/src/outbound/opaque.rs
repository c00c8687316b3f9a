//! Bytes of the program that nobody reads: to an endpoint, and back.

use std::rc::Rc;

use tokio::time::Instant;

use crate::candidate::{Candidate, Load};
use crate::connect::ConnectError;
use crate::forward;
use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::accept::Refused;
use crate::outbound::destination::Destination;
use crate::outbound::rule::Leaf;
use crate::stream::Stream;
use crate::worker::Worker;

/// Joins a connection of the program to an endpoint until both ended, or until policy forbids it.
pub(super) async fn serve(
    worker: &Rc<Worker>,
    client: Stream,
    destination: &Rc<Destination>,
    server_name: Option<&str>,
) -> Result<(), Refused> {
    let leaf = leaf(worker, destination, server_name)?;
    let (server, _load) = connect(worker, &leaf).await?;
    drop(leaf);
    let forbidden = destination.forbidden(worker, |stack| stack.bytes(server_name).map(drop));
    forward::join(client, server, forbidden).await?;
    Ok(())
}

fn leaf(worker: &Worker, destination: &Destination, server_name: Option<&str>) -> Result<Rc<Leaf>, ProxyError> {
    let unknown = || ProxyError::new(ErrorKind::FailFast, "nothing is known of the destination");
    let stack = destination.current(worker).ok_or_else(unknown)?;
    let rule = stack.bytes(server_name)?;
    rule.leaf(worker.random()).cloned()
}

/// A connection to an endpoint; if the first one cannot be reached, to another one.
async fn connect(worker: &Worker, leaf: &Leaf) -> Result<(Stream, Load), ProxyError> {
    let balancer = leaf.balancer()?;
    let first = balancer.pick(worker, None, leaf.failfast).await?;
    let error = match once(&first).await {
        Ok(connected) => return Ok(connected),
        Err(error) => error,
    };
    let second = balancer.pick(worker, Some(first.endpoint().addr), leaf.failfast).await?;
    if Rc::ptr_eq(&first, &second) {
        return Err(refused(&error));
    }
    once(&second).await.map_err(|error| refused(&error))
}

async fn once(candidate: &Rc<Candidate>) -> Result<(Stream, Load), ConnectError> {
    let load = candidate.begin();
    match candidate.opaque().connect().await {
        Ok(stream) => {
            candidate.connected();
            Ok((stream, load))
        }
        Err(error) => {
            candidate.unreachable(Instant::now());
            Err(error)
        }
    }
}

fn refused(error: &ConnectError) -> ProxyError {
    let kind = if error.timed_out { ErrorKind::ConnectTimeout } else { ErrorKind::Connect };
    ProxyError::new(kind, &*error.message)
}
