//! Requests of the program whose connection may stop being HTTP.

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::candidate::Candidate;
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::error::ProxyError;
use crate::http::observe::{Head, ResponseObserver};
use crate::http::replay::Replay;
use crate::http::translate;
use crate::http::tunnel as http_tunnel;
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::rule::Leaf;
use crate::outbound::{response, send};

/// Bytes of a request body kept for a second endpoint; such requests have hardly any.
const REPLAY_MAX: usize = 4 * 1024;

/// Sends the request; if the server agrees, both connections are joined.
pub(super) async fn open(
    connection: &Connection,
    exchange: &Exchange,
    leaf: &Leaf,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, ProxyError> {
    let client = http_tunnel::Client {
        upgrade: hyper::upgrade::on(&mut request),
        addr: connection.client,
        gate: connection.gate.clone(),
        method: request.method().clone(),
        open: connection.worker.occupy(),
    };
    let revoked = connection.revoked(&request);
    translate::to_tunnel(&mut request);
    let (parts, body) = request.into_parts();
    let replay = Replay::of(body, REPLAY_MAX);
    let worker = &connection.worker;
    let balancer = leaf.balancer()?;
    let mut tried = None;
    loop {
        let candidate = balancer.pick(worker, tried, leaf.failfast).await?;
        send::check_identity(exchange, &candidate)?;
        let body = replay.body().unwrap_or_else(Body::empty);
        candidate.edge().request();
        match candidate.send_tunnel(Request::from_parts(parts.clone(), body)).await {
            Ok((answer, lease)) => {
                let head = Head::of(&answer, exchange.grpc);
                let (mut answer, lease) = http_tunnel::join(client, answer, lease, revoked);
                let observer = ResponseObserver {
                    edge: candidate.edge().clone(),
                    started: exchange.started,
                    head,
                    lease,
                    load: None,
                    error: "",
                };
                response::strip(&mut answer, connection, &candidate);
                return Ok(answer.map(|body| body.observed(Box::new(observer))));
            }
            Err(error) => {
                refused(&candidate, exchange, &error);
                if tried.is_some() || !error.is_untouched() || replay.body().is_none() {
                    return Err(error.into_error(candidate.peer()));
                }
                tried = Some(candidate.endpoint().addr);
            }
        }
    }
}

fn refused(candidate: &Candidate, exchange: &Exchange, error: &SendError) {
    if error.is_untouched() {
        candidate.unreachable(Instant::now());
    }
    send::count_failure(candidate, exchange, error.kind());
}
