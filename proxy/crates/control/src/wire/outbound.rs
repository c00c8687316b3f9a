//! The policy of a destination.

use std::sync::Arc;

use hauberk_api::linkerd::opaque_route;
use hauberk_api::linkerd::outbound::{
    self as message, failure_accrual, opaque_route as opaque, proxy_protocol, tls_route as tls,
};
use hauberk_core::outbound::{
    Breaker, GrpcRoutes, HttpRoutes, OpaqueRefusal, OpaqueRoute, OpaqueRoutes, OutboundPolicy, Protocol, SuccessRate,
    TlsRoutes,
};
use hauberk_core::route::{HostMatch, Route};

use crate::wire::backend::{self, choice};
use crate::wire::routes::{self, HOSTS_MAX, ROUTES_MAX};
use crate::wire::{Nonsense, Read, each, grpc, headers, http, meta, required, time};

/// A whole policy.
pub(crate) fn policy(of: message::OutboundPolicy) -> Read<OutboundPolicy> {
    let kind = required(of.protocol.and_then(|protocol| protocol.kind), "the protocol")?;
    Ok(OutboundPolicy {
        parent: meta::namespaced(of.metadata)?,
        version: meta::version(of.version)?,
        protocol: protocol(kind)?,
    })
}

fn protocol(of: proxy_protocol::Kind) -> Read<Protocol> {
    Ok(match of {
        proxy_protocol::Kind::Detect(detect) => {
            let http1 = required(detect.http1, "the routes of HTTP/1")?;
            let http2 = required(detect.http2, "the routes of HTTP/2")?;
            Protocol::Detect {
                timeout: time::duration(detect.timeout, "the detection timeout")?,
                http1: http_routes(http1.routes, http1.failure_accrual)?,
                http2: http_routes(http2.routes, http2.failure_accrual)?,
                opaque: opaque_routes(required(detect.opaque, "the routes of opaque bytes")?)?,
            }
        }
        proxy_protocol::Kind::Http1(http) => Protocol::Http1(http_routes(http.routes, http.failure_accrual)?),
        proxy_protocol::Kind::Http2(http) => Protocol::Http2(http_routes(http.routes, http.failure_accrual)?),
        proxy_protocol::Kind::Grpc(grpc) => Protocol::Grpc(grpc_routes(grpc)?),
        proxy_protocol::Kind::Opaque(opaque) => Protocol::Opaque(opaque_routes(opaque)?),
        proxy_protocol::Kind::Tls(tls) => Protocol::Tls(tls_routes(tls)?),
    })
}

fn http_routes(of: Vec<message::HttpRoute>, breaker: Option<message::FailureAccrual>) -> Read<HttpRoutes> {
    let routes = each(of, ROUTES_MAX, "routes", |route| {
        let rules = each(route.rules, routes::RULES_MAX, "rules", http::outbound_rule)?;
        Ok(Route { meta: meta::namespaced(route.metadata)?, hosts: routes::hosts(route.hosts)?, rules })
    })?;
    Ok(HttpRoutes { routes: routes.into(), breaker: breaker.map(failure_accrual).transpose()? })
}

fn grpc_routes(of: proxy_protocol::Grpc) -> Read<GrpcRoutes> {
    let routes = each(of.routes, ROUTES_MAX, "routes", |route| {
        let rules = each(route.rules, routes::RULES_MAX, "rules", grpc::outbound_rule)?;
        Ok(Route { meta: meta::namespaced(route.metadata)?, hosts: routes::hosts(route.hosts)?, rules })
    })?;
    Ok(GrpcRoutes { routes: routes.into(), breaker: of.failure_accrual.map(failure_accrual).transpose()? })
}

fn failure_accrual(of: message::FailureAccrual) -> Read<Breaker> {
    let (max_consecutive_failures, success_rate, pauses) = match required(of.kind, "the kind of a failure accrual")? {
        failure_accrual::Kind::ConsecutiveFailures(consecutive) => {
            (consecutive.max_failures, None, consecutive.backoff)
        }
        failure_accrual::Kind::Unified(unified) => {
            let rate = success_rate(&unified)?;
            (unified.max_consecutive_failures, rate, unified.backoff)
        }
    };
    let pauses = required(pauses, "the back-off of a failure accrual")?;
    Ok(Breaker {
        max_consecutive_failures,
        success_rate,
        respect_retry_after: pauses.respect_retry_after_hint,
        min_ready: of.ejection.map_or(0, |ejection| ejection.min_ready_endpoints),
        backoff: backend::backoff(pauses)?,
    })
}

/// A threshold of 0 asks for nothing.
fn success_rate(of: &failure_accrual::Unified) -> Read<Option<SuccessRate>> {
    if !(0.0..=1.0).contains(&of.success_rate_threshold) {
        return Err(Nonsense::new("the success rate of a failure accrual is not between 0 and 1"));
    }
    if of.success_rate_threshold == 0.0 {
        return Ok(None);
    }
    let window = time::positive(of.decay, "the decay of a failure accrual")?;
    Ok(Some(SuccessRate { threshold: of.success_rate_threshold, window, min_requests: of.min_requests }))
}

fn opaque_routes(of: proxy_protocol::Opaque) -> Read<OpaqueRoutes> {
    let routes = each(of.routes, ROUTES_MAX, "routes", |route| {
        let action = match route.rules.into_iter().next() {
            Some(rule) => opaque_rule(rule)?,
            None => Ok(hauberk_core::outbound::Distribution::Empty),
        };
        Ok(OpaqueRoute { meta: meta::namespaced(route.metadata)?, action })
    })?;
    Ok(OpaqueRoutes { routes: routes.into() })
}

type OpaqueAction = Result<hauberk_core::outbound::Distribution<std::convert::Infallible>, OpaqueRefusal>;

fn opaque_rule(of: opaque::Rule) -> Read<OpaqueAction> {
    if let Some(filter) = of.filters.into_iter().next() {
        return Ok(Err(match required(filter.kind, "the filter of an opaque route")? {
            opaque::filter::Kind::Forbidden(_) => OpaqueRefusal::Forbidden,
            opaque::filter::Kind::Invalid(invalid) => invalid_because(invalid),
        }));
    }
    let choice = choice!(opaque, of.backends)?;
    Ok(Ok(backend::distribution(choice, |of: opaque::RouteBackend| {
        backend::route_backend(of.backend, Vec::new(), !of.filters.is_empty())
    })?))
}

fn invalid_because(of: opaque_route::Invalid) -> OpaqueRefusal {
    OpaqueRefusal::Invalid(headers::message(of.message))
}

fn tls_routes(of: proxy_protocol::Tls) -> Read<TlsRoutes> {
    let routes = each(of.routes, ROUTES_MAX, "routes", |route| {
        let names = each(route.snis, HOSTS_MAX, "server names", server_name)?;
        let action = match route.rules.into_iter().next() {
            Some(rule) => tls_rule(rule)?,
            None => Ok(hauberk_core::outbound::Distribution::Empty),
        };
        Ok((names, OpaqueRoute { meta: meta::namespaced(route.metadata)?, action }))
    })?;
    Ok(TlsRoutes { routes: Arc::from(routes) })
}

fn tls_rule(of: tls::Rule) -> Read<OpaqueAction> {
    if let Some(filter) = of.filters.into_iter().next() {
        return Ok(Err(match required(filter.kind, "the filter of a TLS route")? {
            tls::filter::Kind::Forbidden(_) => OpaqueRefusal::Forbidden,
            tls::filter::Kind::Invalid(invalid) => invalid_because(invalid),
        }));
    }
    let choice = choice!(tls, of.backends)?;
    Ok(Ok(backend::distribution(choice, |of: tls::RouteBackend| {
        backend::route_backend(of.backend, Vec::new(), !of.filters.is_empty())
    })?))
}

fn server_name(of: hauberk_api::linkerd::tls_route::SniMatch) -> Read<HostMatch> {
    use hauberk_api::linkerd::tls_route::sni_match::Match;
    match required(of.r#match, "the server name of a TLS route")? {
        Match::Exact(name) => routes::exact_host(&name),
        Match::Suffix(suffix) => routes::suffix_host(&suffix.reverse_labels),
    }
}

#[cfg(test)]
#[path = "outbound_tests.rs"]
mod tests;
