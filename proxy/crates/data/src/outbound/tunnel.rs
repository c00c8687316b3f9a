//! Requests of the program whose connection may stop being HTTP.

use hauberk_core::budget::Share;
use hauberk_metrics::balancer::Carries;
use http::Request;
use tokio::time::Instant;

use crate::http::Answer;
use crate::http::body::Body;
use crate::http::error::ProxyError;
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::observe::Head;
use crate::http::replay::Replay;
use crate::http::serve::{Reply, Tunnel};
use crate::http::translate;
use crate::outbound::failure::Answered;
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::limits::Limits;
use crate::outbound::response;
use crate::outbound::rule::{Leaf, Rule};
use crate::outbound::tries::{self, Tries};

/// Bytes of a request body kept for a second endpoint; such requests have hardly any.
const REPLAY_MAX: usize = 4 * 1024;

/// Sends the request, within the limits of the rule; if the server agrees, the connection becomes a tunnel, which has none.
pub(super) async fn open(
    connection: &Connection,
    exchange: &Exchange,
    rule: &Rule,
    leaf: &Leaf,
    request: Request<Incoming>,
    interims: &Interims,
    place: Share,
) -> Result<Reply, ProxyError> {
    let limits = Limits::new(&exchange.timeouts(rule), exchange.started);
    let tries = Tries { connection, exchange, rule, leaf, retry: None, limits: limits.clone(), interims };
    limits.apply(ask(&tries, request, place)).await
}

async fn ask(tries: &Tries<'_>, mut request: Request<Incoming>, place: Share) -> Result<Reply, ProxyError> {
    let Tries { connection, exchange, rule, leaf, .. } = *tries;
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
        let body = tries.limits.watch(replay.body().unwrap_or_else(Body::empty));
        let (load, trial) = tries.begin(&candidate);
        let started = Instant::now();
        let waiting = tries.wait(&candidate, balancer.default_rtt(), started);
        let asked = candidate.ask(&request, body, tries.interims).await;
        waiting.over();
        let now = Instant::now();
        match asked {
            Ok(Answer::Response(response)) => {
                let trial = tries.judge(balancer, &candidate, &response, trial, (started, now));
                let answered = Answered { candidate, response, load, trial, limits: tries.limits.clone() };
                let mut answer = response::finish(connection, exchange, rule, leaf, answered, place);
                headers::strip_hop_by_hop(answer.headers_mut());
                return Ok(answer.into());
            }
            Ok(Answer::Tunnel(mut answer, server)) => {
                candidate.answered(now - started, now);
                if let Some(trial) = trial {
                    trial.answered(answer.status(), None);
                }
                let (edge, way, head) = (candidate.edge(), rule.way(leaf), Head::of(&answer, false));
                head.record(edge, &way, exchange.started, None, None);
                response::strip(&mut answer, connection, &candidate);
                let revoked = Box::pin(revoked);
                return Ok(Reply::Tunnel(answer, Box::new(Tunnel { server, revoked, place })));
            }
            Err(error) => {
                if error.is_untouched() {
                    candidate.unreachable(error.no_connection().cloned(), now, worker.random());
                }
                if let Some(trial) = trial.filter(|_| !error.is_of_request()) {
                    trial.failed();
                }
                tries::count_failure(&candidate, leaf, exchange, (error.kind(), error.class()));
                let repeatable = error.is_untouched() && replay.body().is_some() && !tries.is_hopeless(&error);
                if tried.is_some() || !repeatable {
                    return Err(error.to_error(candidate.peer()));
                }
                tried = Some(candidate.endpoint().addr);
            }
        }
    }
}
