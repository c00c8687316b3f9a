//! Whether a request may pass: decided once for each route under each policy.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use hauberk_core::authorize::{self, Verdict};
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use hauberk_core::rate::Limits;
use hauberk_metrics::edge::EdgeMetrics;
use http::Request;

use crate::http::error::{ErrorKind, ProxyError};
use crate::inbound::changes::Changes;
use crate::inbound::http::Connection;
use crate::inbound::labels;
use crate::inbound::route::{self, Access, Key};

/// Decisions under one policy, by route: a change of policy starts afresh.
#[derive(Default)]
pub(super) struct Decided {
    policy: Option<Arc<ServerPolicy>>,
    by_route: Vec<(Key, Outcome)>,
}

/// What was decided for a route, with the counters of exactly these labels.
#[derive(Clone)]
pub(super) struct Outcome {
    pub(super) allowed: bool,
    pub(super) edge: Rc<EdgeMetrics>,
}

/// What policy says of one request.
pub(super) struct Decision {
    pub(super) outcome: Outcome,
    /// The failure that policy injects.
    pub(super) injected: Option<ProxyError>,
    /// What is done to the request if it passes.
    pub(super) changes: Option<Changes>,
}

impl Connection {
    /// The decision for a request.
    pub(super) fn decide<B>(&self, request: &Request<B>) -> Result<Decision, ProxyError> {
        let mut decided = self.decided.borrow_mut();
        let mut policy = self.policy.borrow_mut();
        if decided.policy.is_none() || policy.has_changed().unwrap_or(false) {
            let latest = policy.borrow_and_update().clone();
            decided.by_route.clear();
            decided.policy = Some(latest);
        }
        let Decided { policy: Some(policy), by_route } = &mut *decided else {
            return Err(ProxyError::new(ErrorKind::InvalidPolicy, "no policy"));
        };
        let no_route = || {
            labels::route_not_found(&self.worker.shared.metrics, policy, &self.client, self.dst);
            ProxyError::new(ErrorKind::NoRoute, format!("no route of port {} matches", self.dst.port()))
        };
        let mut outcome_of = |access: &Access<'_>| {
            let known = by_route.iter().find(|(key, _)| *key == access.key).map(|(_, outcome)| outcome.clone());
            known.unwrap_or_else(|| {
                let outcome = self.judge(policy, access);
                by_route.push((access.key, outcome.clone()));
                outcome
            })
        };
        let access = route::find(policy, request).ok_or_else(no_route)?;
        let mut injected = access.failure(self.worker.random());
        let outcome = outcome_of(&access);
        if outcome.allowed
            && let Some(uri) = route::other_reading(policy, request)
        {
            let read = route::find_at(policy, request, &uri).ok_or_else(no_route)?;
            let other = outcome_of(&read);
            if !other.allowed {
                return Ok(Decision { outcome: other, injected: None, changes: None });
            }
            if (access.changes() || read.changes()) && !access.is_rule_of(&read) {
                let message = "the path can be read in two ways, which policy treats differently";
                return Err(ProxyError::new(ErrorKind::BadRequest, message));
            }
            injected = injected.or_else(|| read.failure(self.worker.random()));
        }
        let limited = policy.rate_limits.as_ref().filter(|_| outcome.allowed && injected.is_none());
        let exceeded = limited.and_then(|limits| self.limit(policy, limits).err());
        let changes = match access.key {
            Key::Route(route) if access.changes() => Some(Changes { policy: policy.clone(), route, rule: access.rule }),
            _ => None,
        };
        Ok(Decision { outcome, injected: injected.or(exceeded), changes })
    }

    /// Counts the request against the rates of the port.
    fn limit(&self, policy: &ServerPolicy, limits: &Limits) -> Result<(), ProxyError> {
        limits.admit(&self.client.tls, Instant::now()).map_err(|exceeded| {
            labels::rate_limited(&self.worker.shared.metrics, policy, limits, exceeded.scope, &self.client, self.dst);
            let message = format!("more requests than policy allows (limit: {})", exceeded.scope.as_str());
            ProxyError::new(ErrorKind::RateLimited, message).retry_after(exceeded.retry_after_seconds())
        })
    }

    fn judge(&self, policy: &ServerPolicy, access: &Access<'_>) -> Outcome {
        let ip = self.client.addr.ip();
        let verdict = authorize::request(policy, access.authorizations, ip, &self.client.tls);
        let metrics = &self.worker.shared.metrics;
        let edge = labels::edge(metrics, policy, access.meta, &verdict, &self.client, self.dst);
        Outcome { allowed: matches!(verdict, Verdict::Allow(_)), edge }
    }

    /// The refusal of a client that may not.
    pub(super) fn unauthorized(&self) -> ProxyError {
        let who = match &self.client.tls {
            ClientTls::Identified { id, .. } => id.as_str().to_owned(),
            ClientTls::Anonymous => "a client without a certificate".to_owned(),
            ClientTls::Plain => "an unauthenticated client".to_owned(),
        };
        let port = self.dst.port();
        ProxyError::new(ErrorKind::Unauthorized, format!("{who} is not authorized on port {port}"))
    }
}
