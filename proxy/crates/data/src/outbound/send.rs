//! Sends one request, to another endpoint if need be.

use hauberk_metrics::route::Retried;
use http::Request;
use tokio::time::sleep;

use crate::http::body::Body;
use crate::http::client::LEFT_OUT_MAX;
use crate::http::error::ProxyError;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::replay::Replay;
use crate::outbound::failure::{Answered, Failure};
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::limits::Limits;
use crate::outbound::rule::{Leaf, Rule};
use crate::outbound::tries::Tries;

/// Bytes of a request body kept for another try where policy names no number.
const REPLAY_MAX: usize = 64 * 1024;

/// Sends a request and waits for the head of the answer, within the limits of the rule.
pub(super) async fn send(
    connection: &Connection,
    exchange: &Exchange,
    rule: &Rule,
    leaf: &Leaf,
    request: &mut Request<Incoming>,
    interims: &Interims,
) -> Result<Answered, ProxyError> {
    let asked = exchange.overrides.as_ref();
    let retry = asked.and_then(|asked| asked.retry(rule.retry.as_ref()));
    let retry = if asked.is_some() { retry.as_ref() } else { rule.retry.as_ref() };
    let limits = Limits::new(&exchange.timeouts(rule), exchange.started);
    let tries = Tries { connection, exchange, rule, leaf, retry, limits: limits.clone(), interims };
    if limits.are_none() { run(&tries, request).await } else { Box::pin(limits.apply(run(&tries, request))).await }
}

/// Tries until there is an answer, or no more is worth it.
async fn run(tries: &Tries<'_>, request: &mut Request<Incoming>) -> Result<Answered, ProxyError> {
    let body = std::mem::replace(request.body_mut(), Incoming::Empty);
    let request = &*request;
    let kept_max = tries.retry.map_or(REPLAY_MAX, |retry| retry.max_request_bytes);
    let buffers = &tries.connection.worker.shared.budgets.buffers;
    let replay = Replay::of(body, kept_max, buffers, tries.rule.counted());
    let mut by_policy = tries.retry.map_or(0, |retry| retry.max_retries);
    let (mut moves, mut left_out) = (1, LEFT_OUT_MAX);
    let (mut tried, mut again) = (None, false);
    let mut pauses = 0;
    loop {
        let body = replay.body().unwrap_or_else(Body::empty);
        let failure = match tries.once(request, body, &mut tried, again).await {
            Ok(answered) => {
                if tries.retry.is_some_and(|retry| retry.max_retries > by_policy) {
                    tries.rule.retried(Retried::Succeeded);
                }
                return Ok(answered);
            }
            Err(failure) => failure,
        };
        again = matches!(failure, Failure::Send(..));
        let repeatable = replay.body().is_some();
        let hopeless = matches!(&failure, Failure::Send(error, _) if tries.is_hopeless(error));
        if repeatable && left_out > 0 && failure.is_left_out() {
            left_out -= 1;
        } else if repeatable && moves > 0 && failure.is_harmless(request.method()) && !hopeless {
            moves -= 1;
        } else if let Some(retry) = tries.retry
            && repeatable
            && by_policy > 0
            && failure.is_for_policy(retry, tries.exchange.grpc)
        {
            by_policy -= 1;
            tries.rule.retried(Retried::Sent);
            sleep(retry.backoff.pause(pauses, tries.connection.worker.random())).await;
            pauses += 1;
        } else {
            if tries.retry.is_some_and(|retry| failure.is_for_policy(retry, tries.exchange.grpc)) {
                tries.rule.retried(if repeatable { Retried::LimitExceeded } else { Retried::Overflow });
            }
            return failure.into_result();
        }
        if let Failure::Retryable(answered) = failure {
            answered.discard(tries.exchange, tries.leaf);
        }
    }
}
