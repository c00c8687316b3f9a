//! One try of a request, on one endpoint.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hauberk_core::outbound::Retry;
use hauberk_metrics::balancer::Carries;
use http::{Method, Request, Response, Version};
use tokio::time::{Instant, timeout_at};

use crate::balance::Balancer;
use crate::candidate::{Candidate, Load};
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::limit::Limit;
use crate::http::observe::Head;
use crate::http::replay;
use crate::http::translate;
use crate::outbound::failure::{self, Answered, Failure};
use crate::outbound::http::{Connection, Exchange};
use crate::outbound::limits::Limits;
use crate::outbound::rule::{Leaf, Rule};
use crate::outbound::trial::Trial;

/// The status under which requests count that their client gave up (nginx's convention; nobody gets it as an answer).
const CLIENT_GONE: u16 = 499;

/// All that the tries of one request have in common.
pub(super) struct Tries<'a> {
    pub(super) connection: &'a Connection,
    pub(super) exchange: &'a Exchange,
    pub(super) rule: &'a Rule,
    pub(super) leaf: &'a Leaf,
    pub(super) retry: Option<&'a Retry>,
    pub(super) limits: Limits,
    pub(super) interims: &'a Interims,
}

impl Tries<'_> {
    /// One try on an endpoint other than `tried`, if there is another one. `again`: a connection lost the one before.
    pub(super) async fn once(
        &self,
        asked: &Request<Incoming>,
        body: Body,
        tried: &mut Option<SocketAddr>,
        again: bool,
    ) -> Result<Answered, Failure> {
        let worker = &self.connection.worker;
        let balancer = self.leaf.balancer().map_err(Failure::Proxy)?;
        let breaker = self.leaf.breaker.as_deref();
        let candidate =
            balancer.pick(worker, *tried, self.leaf.failfast, breaker, Carries::Http).await.map_err(Failure::Proxy)?;
        *tried = Some(candidate.endpoint().addr);
        check_identity(self.exchange, &candidate).map_err(Failure::Proxy)?;
        let request = replay::again(asked, self.limits.watch(body));
        let request = self.prepare(request, &candidate).map_err(Failure::Proxy)?;
        let (load, trial) = self.begin(&candidate);
        let started = Instant::now();
        let waiting = self.wait(&candidate, balancer.default_rtt(), started);
        let sent = match self.retry.and_then(|retry| retry.timeout) {
            None => candidate.send(request, self.interims, again).await,
            Some(limit) => match timeout_at(started + limit, candidate.send(request, self.interims, again)).await {
                Ok(sent) => sent,
                Err(_) => {
                    waiting.over();
                    if let Some(trial) = trial {
                        trial.failed();
                    }
                    let class = Limit::Try.class();
                    count_failure(&candidate, self.leaf, self.exchange, (ErrorKind::Timeout, class));
                    candidate.unanswered(limit, balancer.default_rtt(), Instant::now());
                    return Err(Failure::TryTimeout(limit));
                }
            },
        };
        waiting.over();
        let now = Instant::now();
        match sent {
            Ok(response) => {
                let trial = self.judge(balancer, &candidate, &response, trial, (started, now));
                let limits = self.limits.clone();
                let answered = Answered { candidate, response, load, trial, limits };
                if self.wants_another(&answered, asked.method()) {
                    Err(Failure::Retryable(Box::new(answered)))
                } else {
                    Ok(answered)
                }
            }
            Err(error) => {
                match &error {
                    error if error.is_left_out() => {} // its next connection takes requests
                    error if error.is_untouched() => {
                        candidate.unreachable(error.no_connection().cloned(), now, worker.random());
                    }
                    error if error.is_lost() => candidate.failed(now - started, balancer.default_rtt(), now),
                    // The request's own body may have been what failed: that proves nothing of how slow the endpoint is.
                    _ => candidate.unanswered(Duration::ZERO, balancer.default_rtt(), now),
                }
                if let Some(trial) = trial.filter(|_| !error.is_of_request() && !error.is_left_out()) {
                    trial.failed();
                }
                count_failure(&candidate, self.leaf, self.exchange, (error.kind(), error.class()));
                Err(Failure::Send(error, candidate))
            }
        }
    }

    /// The request goes to `candidate`: it counts there, as load, and for the circuit breaker.
    pub(super) fn begin(&self, candidate: &Rc<Candidate>) -> (Load, Option<Trial>) {
        let random = || self.connection.worker.random();
        candidate.edge().request();
        self.leaf.metrics.iter().for_each(|metrics| metrics.request());
        (candidate.begin(), self.leaf.breaker.as_ref().map(|breaker| Trial::begin(candidate, breaker, random())))
    }

    /// From `started` on an answer of `candidate` is awaited, which is taken to need `floor` if it was never measured.
    pub(super) fn wait<'a>(&'a self, candidate: &'a Candidate, floor: Duration, started: Instant) -> Waiting<'a> {
        Waiting { tries: self, candidate, started, floor }
    }

    /// What the head of an answer, which took from `started` to `now`, says of its endpoint. A trial that waits for more is returned.
    pub(super) fn judge(
        &self,
        balancer: &Balancer,
        candidate: &Candidate,
        response: &Response<Incoming>,
        trial: Option<Trial>,
        (started, now): (Instant, Instant),
    ) -> Option<Trial> {
        let (head, took) = (Head::of(response, self.exchange.grpc), now - started);
        if let Some(penalty) = balancer.penalty()
            && let Some(latency) = head.cost(&penalty, response.headers())
        {
            candidate.penalized(latency, penalty.decay, now);
        }
        if head.is_failure() {
            candidate.failed(took, balancer.default_rtt(), now);
        } else {
            candidate.answered(took, now);
        }
        trial.and_then(|trial| head.judge(trial.hinted(response.headers())))
    }

    /// Whether another try would find nobody who takes connections.
    pub(super) fn is_hopeless(&self, error: &SendError) -> bool {
        error.no_connection().is_some() && self.leaf.balancer().is_ok_and(|balancer| balancer.rests())
    }

    /// The request as this endpoint takes it.
    fn prepare(&self, mut request: Request<Body>, candidate: &Candidate) -> Result<Request<Body>, ProxyError> {
        if let Some(authority) = &candidate.endpoint().authority_override {
            translate::replace_authority(&mut request, authority);
        }
        if self.exchange.version == Version::HTTP_2 {
            return Ok(request);
        }
        if candidate.carries_http1_over_http2() {
            let mut authorities = self.connection.authorities.borrow_mut();
            translate::to_http2(&mut request, &mut authorities, &self.connection.fallback)
                .map_err(|_| ProxyError::new(ErrorKind::BadRequest, "the request names no host"))?;
        } else {
            headers::strip_hop_by_hop(request.headers_mut());
        }
        Ok(request)
    }

    /// Whether an answer had better not be passed on while another try is possible.
    fn wants_another(&self, answered: &Answered, method: &Method) -> bool {
        let response = &answered.response;
        if failure::is_unanswered(response) && headers::is_idempotent(method) {
            return true;
        }
        let Some(retry) = self.retry else { return false };
        let code = Head::of(response, self.exchange.grpc).grpc_status();
        failure::is_retried(retry, response.status(), code)
    }
}

/// A try whose answer is awaited. Dropped before that, since time is over or the client is gone, it counts like any other:
/// else an endpoint that never answers would look like one that has nothing to do.
pub(super) struct Waiting<'a> {
    tries: &'a Tries<'a>,
    candidate: &'a Candidate,
    started: Instant,
    /// What an endpoint is taken for that was never measured.
    floor: Duration,
}

impl Waiting<'_> {
    /// There is an answer, or there will be none.
    pub(super) fn over(self) {
        std::mem::forget(self);
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        if let Some((_, limit)) = self.tries.limits.end().filter(|(end, _)| *end <= now) {
            let failed = (ErrorKind::Timeout, limit.class());
            count_failure(self.candidate, self.tries.leaf, self.tries.exchange, failed);
        } else {
            let elapsed = self.tries.exchange.started.elapsed();
            self.candidate.edge().response(CLIENT_GONE, None, false, "canceled", elapsed);
            self.tries.rule.way(self.tries.leaf).ended(CLIENT_GONE, None, "canceled", elapsed);
        }
        self.candidate.unanswered(now - self.started, self.floor, now);
    }
}

/// Whether the endpoint is who the program demands (`l5d-require-id`).
pub(super) fn check_identity(exchange: &Exchange, candidate: &Candidate) -> Result<(), ProxyError> {
    let Some(required) = &exchange.require_id else { return Ok(()) };
    if candidate.peer_id().is_some_and(|id| id.as_str().as_bytes() == required.as_bytes()) {
        return Ok(());
    }
    let message = format!("the program demands another identity of {} than it has", candidate.endpoint().addr);
    Err(ProxyError::new(ErrorKind::IdentityRequired, message))
}

/// Counts a try without an answer, whose failure is of this kind and class.
pub(super) fn count_failure(
    candidate: &Candidate,
    leaf: &Leaf,
    exchange: &Exchange,
    (kind, class): (ErrorKind, &'static str),
) {
    let elapsed = exchange.started.elapsed();
    let status = kind.status().as_u16();
    candidate.edge().response(status, None, false, class, elapsed);
    leaf.way().ended(status, None, class, elapsed);
}
