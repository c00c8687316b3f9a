//! Bytes of the program that nobody reads: to an endpoint, and back.

use std::net::SocketAddr;
use std::rc::Rc;

use hauberk_core::identity::Id;
use tokio::time::Instant;

use crate::balance::Balancer;
use crate::candidate::{Candidate, Load};
use crate::connect::ConnectError;
use crate::first_word::{Dialled, Unreachable};
use crate::forward::{self, ForwardError};
use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::accept::Refused;
use crate::outbound::destination::Destination;
use crate::outbound::rule::Leaf;
use crate::stream::Stream;
use crate::worker::Worker;

/// Who is behind a connection, for what is remembered of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Server {
    /// A member of the mesh, and the port of its program.
    Member(Id, u16),
    /// Somebody without an identity.
    Outside(SocketAddr),
}

/// What belongs to a connection that was made for a silent client.
pub(super) struct Attached {
    pub(super) server: Server,
    pub(super) load: Load,
}

impl Server {
    fn of(candidate: &Candidate) -> Self {
        let addr = candidate.endpoint().addr;
        match candidate.peer_id() {
            Some(id) => Server::Member(id.clone(), addr.port()),
            None => Server::Outside(addr),
        }
    }
}

/// A connection to an endpoint, which counts as load there.
pub(super) type Connected = (Stream, Load);

/// Joins a connection of the program to an endpoint until both ended, or until policy forbids it. `server`: that one.
pub(super) async fn serve(
    worker: &Rc<Worker>,
    client: Stream,
    destination: &Rc<Destination>,
    server_name: Option<String>,
    server: Option<Connected>,
) -> Result<(), Refused> {
    let server_name = server_name.as_deref();
    let stack = destination.current(worker);
    let route = stack.as_ref().and_then(|stack| stack.bytes_route(server_name).ok());
    let counted = route.and_then(|route| route.metrics.clone());
    drop(stack); // so that a connection does not hold an old version of the policy
    counted.iter().for_each(|route| route.opened());
    let served = join(worker, client, destination, server_name, server).await;
    counted.iter().for_each(|route| route.closed(&worker.shared.metrics, why(&served)));
    served
}

/// The contract's word for why a connection of a route ended.
fn why(served: &Result<(), Refused>) -> &'static str {
    match served {
        Ok(()) => "",
        Err(Refused::Forward(ForwardError::Revoked)) => "forbidden",
        Err(Refused::Policy(error)) => match error.kind {
            ErrorKind::Unauthorized => "forbidden",
            ErrorKind::Injected(_) => "invalid_backend",
            ErrorKind::InvalidPolicy => "invalid_policy",
            _ => "unexpected",
        },
        Err(_) => "unexpected",
    }
}

async fn join(
    worker: &Rc<Worker>,
    client: Stream,
    destination: &Rc<Destination>,
    server_name: Option<&str>,
    server: Option<Connected>,
) -> Result<(), Refused> {
    let leaf = leaf(worker, destination, server_name)?;
    let (server, _load) = match server {
        Some(connected) => connected,
        None => Box::pin(connect(worker, &leaf)).await?,
    };
    drop(leaf);
    let forbidden = destination.forbidden(worker, |stack| stack.bytes(server_name).map(drop));
    tokio::select! {
        joined = forward::join(client, server, &worker.shared.budgets.buffers) => Ok(joined?),
        () = forbidden => Err(Refused::Forward(ForwardError::Revoked)),
    }
}

/// Connects to an endpoint for a client that says nothing: at once where the server is known to speak first, else after a
/// moment, when it is its turn.
pub(super) async fn dial(
    worker: &Rc<Worker>,
    destination: &Rc<Destination>,
) -> Result<Dialled<Attached>, Unreachable<ProxyError>> {
    let early = |error| Unreachable { error, awaited: false };
    let leaf = leaf(worker, destination, None).map_err(early)?;
    let balancer = leaf.balancer().map_err(early)?;
    let pick = async || balancer.pick(worker, None, leaf.failfast, None, leaf.carries).await;
    let first = pick().await.map_err(early)?;
    let (server, greeters) = (Server::of(&first), &worker.outbound.greeters);
    let reached = if greeters.know(&server) {
        reach(worker, &leaf, balancer, first).await
    } else {
        drop(first);
        greeters.wait_for_client(&server).await;
        // By then another one may be the better choice.
        let dial = async { reach(worker, &leaf, balancer, pick().await?).await };
        worker.outbound.turns.take(dial).await
    };
    match reached {
        Ok((stream, load, candidate)) => {
            let with = Attached { server: Server::of(&candidate), load };
            Ok(Dialled { stream, is_program: candidate.peer_id().is_none(), with })
        }
        Err(error) => Err(Unreachable { error, awaited: greeters.know(&server) }),
    }
}

fn leaf(worker: &Worker, destination: &Destination, server_name: Option<&str>) -> Result<Rc<Leaf>, ProxyError> {
    let unknown = || ProxyError::new(ErrorKind::FailFast, "nothing is known of the destination");
    let stack = destination.current(worker).ok_or_else(unknown)?;
    let rule = stack.bytes(server_name)?;
    rule.leaf(worker.random()).cloned()
}

async fn connect(worker: &Worker, leaf: &Leaf) -> Result<Connected, ProxyError> {
    let balancer = leaf.balancer()?;
    let first = balancer.pick(worker, None, leaf.failfast, None, leaf.carries).await?;
    let (stream, load, _) = reach(worker, leaf, balancer, first).await?;
    Ok((stream, load))
}

/// A connection to `first`; if that cannot be reached, to another endpoint.
async fn reach(
    worker: &Worker,
    leaf: &Leaf,
    balancer: &Balancer,
    first: Rc<Candidate>,
) -> Result<(Stream, Load, Rc<Candidate>), ProxyError> {
    let error = match once(worker, &first).await {
        Ok((stream, load)) => return Ok((stream, load, first)),
        Err(error) => error,
    };
    if balancer.rests() {
        return Err(refused(&error));
    }
    let second = balancer.pick(worker, Some(first.endpoint().addr), leaf.failfast, None, leaf.carries).await?;
    if Rc::ptr_eq(&first, &second) {
        return Err(refused(&error));
    }
    let (stream, load) = once(worker, &second).await.map_err(|error| refused(&error))?;
    Ok((stream, load, second))
}

async fn once(worker: &Worker, candidate: &Rc<Candidate>) -> Result<Connected, ConnectError> {
    let load = candidate.begin();
    match candidate.opaque().connect().await {
        Ok(stream) => {
            candidate.connected();
            Ok((stream, load))
        }
        Err(error) => {
            candidate.unreachable(Some(error.message.clone()), Instant::now(), worker.random());
            Err(error)
        }
    }
}

fn refused(error: &ConnectError) -> ProxyError {
    let kind = if error.timed_out { ErrorKind::ConnectTimeout } else { ErrorKind::Connect };
    ProxyError::new(kind, &*error.message)
}
