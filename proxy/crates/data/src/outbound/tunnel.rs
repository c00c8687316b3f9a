//! Requests of the program whose connection may stop being HTTP.

use hauberk_core::budget::Share;
use hauberk_metrics::balancer::Carries;
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
use crate::http::observe::{Head, ResponseObserver, Way, over};
use crate::http::replay::Replay;
use crate::http::serve::{Reply, Tunnel};
use crate::http::translate;
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::rule::{Leaf, Rule};
use crate::outbound::{response, tries};

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
    place: Share,
) -> Result<Reply, ProxyError> {
    let revoked = connection.revoked(exchange, &request);
    translate::to_tunnel(&mut request);
    let body = std::mem::replace(request.body_mut(), Incoming::Empty);
    let replay = Replay::of(body, REPLAY_MAX, &connection.worker.shared.budgets.buffers, rule.counted());
    let worker = &connection.worker;
    let balancer = leaf.balancer()?;
    let mut tried = None;
    loop {
        let candidate = balancer.pick(worker, tried, leaf.failfast, leaf.breaker.as_deref(), Carries::Http).await?;
        tries::check_identity(exchange, &candidate)?;
        let body = replay.body().unwrap_or_else(Body::empty);
        candidate.edge().request();
        leaf.metrics.iter().for_each(|metrics| metrics.request());
        match candidate.ask(&request, body, interims).await {
            Ok(Answer::Response(answer)) => {
                let answer = answer.map(Body::incoming);
                let mut answer = observe(&candidate, exchange, rule.way(leaf), answer, Some(place));
                headers::strip_hop_by_hop(answer.headers_mut());
                response::strip(&mut answer, connection, &candidate);
                return Ok(answer.into());
            }
            Ok(Answer::Tunnel(mut answer, server)) => {
                observe(&candidate, exchange, rule.way(leaf), over(&answer), None);
                response::strip(&mut answer, connection, &candidate);
                let revoked = Box::pin(revoked);
                return Ok(Reply::Tunnel(answer, Box::new(Tunnel { server, revoked, place })));
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

fn observe(
    candidate: &Candidate,
    exchange: &Exchange,
    way: Way,
    response: Response<Body>,
    place: Option<Share>,
) -> Response<Body> {
    let observer = ResponseObserver {
        edge: candidate.edge().clone(),
        way,
        started: exchange.started,
        head: Head::of(&response, exchange.grpc),
        load: None,
        trial: None,
        place,
        error: "",
    };
    response.map(|body| body.observed(Box::new(observer)))
}

fn refused(candidate: &Candidate, leaf: &Leaf, exchange: &Exchange, error: &SendError, random: u64) {
    if error.is_untouched() {
        candidate.unreachable(Instant::now(), random);
    }
    tries::count_failure(candidate, leaf, exchange, error.kind());
}
