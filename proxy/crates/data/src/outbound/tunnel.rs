//! Requests of the program whose connection may stop being HTTP.

use http::{Request, Response};
use tokio::time::Instant;

use crate::candidate::Candidate;
use crate::http::Answer;
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::error::ProxyError;
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::observe::{Head, ResponseObserver, Way};
use crate::http::replay::Replay;
use crate::http::serve::{Reply, Tunnel};
use crate::http::translate;
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::rule::{Leaf, Rule};
use crate::outbound::{response, send};

/// Bytes of a request body kept for a second endpoint; such requests have hardly any.
const REPLAY_MAX: usize = 4 * 1024;

/// Sends the request; if the server agrees, the connection becomes a tunnel.
pub(super) async fn open(
    connection: &Connection,
    exchange: &Exchange,
    rule: &Rule,
    leaf: &Leaf,
    mut request: Request<Incoming>,
    interims: &Interims,
) -> Result<Reply, ProxyError> {
    let revoked = connection.revoked(exchange, &request);
    translate::to_tunnel(&mut request);
    let (parts, body) = request.into_parts();
    let replay = Replay::of(body, REPLAY_MAX, &connection.worker.shared.budgets.buffers);
    let worker = &connection.worker;
    let balancer = leaf.balancer()?;
    let mut tried = None;
    loop {
        let candidate = balancer.pick(worker, tried, leaf.failfast, leaf.breaker.as_deref()).await?;
        send::check_identity(exchange, &candidate)?;
        let body = replay.body().unwrap_or_else(Body::empty);
        candidate.edge().request();
        leaf.metrics.iter().for_each(|metrics| metrics.request());
        match candidate.ask(Request::from_parts(parts.clone(), body), interims).await {
            Ok(Answer::Response(answer)) => {
                let mut answer = observe(&candidate, exchange, rule.way(leaf), answer.map(Body::incoming));
                headers::strip_hop_by_hop(answer.headers_mut());
                response::strip(&mut answer, connection, &candidate);
                return Ok(answer.into());
            }
            Ok(Answer::Tunnel(mut answer, server)) => {
                observe(&candidate, exchange, rule.way(leaf), Response::new(Body::empty()));
                response::strip(&mut answer, connection, &candidate);
                let revoked = Box::pin(revoked);
                return Ok(Reply::Tunnel(answer, Box::new(Tunnel { server, revoked })));
            }
            Err(error) => {
                refused(&candidate, leaf, exchange, &error, worker.random());
                if tried.is_some() || !error.is_untouched() || replay.body().is_none() {
                    return Err(error.to_error(candidate.peer()));
                }
                tried = Some(candidate.endpoint().addr);
            }
        }
    }
}

fn observe(candidate: &Candidate, exchange: &Exchange, way: Way, response: Response<Body>) -> Response<Body> {
    let observer = ResponseObserver {
        edge: candidate.edge().clone(),
        way,
        started: exchange.started,
        head: Head::of(&response, exchange.grpc),
        load: None,
        trial: None,
        place: None,
        error: "",
    };
    response.map(|body| body.observed(Box::new(observer)))
}

fn refused(candidate: &Candidate, leaf: &Leaf, exchange: &Exchange, error: &SendError, random: u64) {
    if error.is_untouched() {
        candidate.unreachable(Instant::now(), random);
    }
    send::count_failure(candidate, leaf, exchange, error.kind());
}
