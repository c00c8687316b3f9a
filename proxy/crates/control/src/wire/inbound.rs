//! The policy of a port.

use std::sync::Arc;
use std::time::Instant;

use hauberk_api::linkerd::inbound::authn::{Permit, permit_mesh_tls::Clients};
use hauberk_api::linkerd::inbound::{self as message, proxy_protocol};
use hauberk_core::inbound::{
    Authentication, Authorization, GrpcAccess, HttpAccess, HttpRoutes, Network, Protocol, ServerPolicy,
};
use hauberk_core::rate::Limits;
use hauberk_core::route::{Route, Rule};

use crate::wire::routes::{self, ROUTES_MAX, RULES_MAX};
use crate::wire::{Nonsense, Read, each, grpc, http, meta, net, rates, required, time};

/// Authorizations of a port or route; networks of one, and parts left out of each; identities of one.
const AUTHORIZATIONS_MAX: usize = 1000;
const NETWORKS_MAX: usize = 1000;
pub(super) const IDENTITIES_MAX: usize = 5000;
/// Longest identity, and most parts of a suffix.
const IDENTITY_MAX: usize = 2048;
const PARTS_MAX: usize = 127;

type Authorizations = Arc<[Arc<Authorization>]>;

/// A whole policy. Rate limits that were in force already, `held`, go on with what is left of them at `now`.
pub(crate) fn policy(of: message::Server, held: Option<&Limits>, now: Instant) -> Read<ServerPolicy> {
    let mut kind = required(of.protocol.and_then(|protocol| protocol.kind), "the protocol")?;
    let rates = rates::rates(rate_limit(&mut kind))?;
    Ok(ServerPolicy {
        meta: meta::from_labels(&of.labels)?,
        version: meta::version(of.version)?,
        protocol: protocol(kind)?,
        authorizations: authorizations(of.authorizations)?,
        rate_limits: rates.map(|rates| Arc::new(Limits::new(rates, held, now))),
    })
}

/// Takes the rate limit out of a protocol that has one.
fn rate_limit(of: &mut proxy_protocol::Kind) -> Option<message::HttpLocalRateLimit> {
    match of {
        proxy_protocol::Kind::Detect(detect) => detect.http_local_rate_limit.take(),
        proxy_protocol::Kind::Http1(http) => http.local_rate_limit.take(),
        proxy_protocol::Kind::Http2(http) => http.local_rate_limit.take(),
        proxy_protocol::Kind::Grpc(_) | proxy_protocol::Kind::Opaque(_) | proxy_protocol::Kind::Tls(_) => None,
    }
}

fn protocol(of: proxy_protocol::Kind) -> Read<Protocol> {
    Ok(match of {
        proxy_protocol::Kind::Detect(detect) => Protocol::Detect {
            timeout: time::duration(detect.timeout, "the detection timeout")?,
            routes: http_routes(detect.http_routes)?,
        },
        proxy_protocol::Kind::Http1(http) => Protocol::Http1(http_routes(http.routes)?),
        proxy_protocol::Kind::Http2(http) => Protocol::Http2(http_routes(http.routes)?),
        proxy_protocol::Kind::Grpc(grpc) => Protocol::Grpc(each(grpc.routes, ROUTES_MAX, "routes", grpc_route)?.into()),
        proxy_protocol::Kind::Opaque(_) => Protocol::Opaque,
        proxy_protocol::Kind::Tls(_) => Protocol::Tls,
    })
}

fn http_routes(of: Vec<message::HttpRoute>) -> Read<HttpRoutes> {
    let routes = each(of, ROUTES_MAX, "routes", |route| {
        let authorizations = authorizations(route.authorizations)?;
        let rules = each(route.rules, RULES_MAX, "rules", |rule| {
            let filters = http::inbound_filters(rule.filters)?;
            let then = HttpAccess { authorizations: authorizations.clone(), filters };
            Ok(Rule { matches: routes::http_matches(rule.matches)?, then })
        })?;
        Ok(Route { meta: meta::meta(route.metadata)?, hosts: routes::hosts(route.hosts)?, rules })
    })?;
    Ok(routes.into())
}

fn grpc_route(of: message::GrpcRoute) -> Read<Route<hauberk_core::route::GrpcMatch, GrpcAccess>> {
    let authorizations = authorizations(of.authorizations)?;
    let rules = each(of.rules, RULES_MAX, "rules", |rule| {
        let filters = grpc::inbound_filters(rule.filters)?;
        let then = GrpcAccess { authorizations: authorizations.clone(), filters };
        Ok(Rule { matches: routes::grpc_matches(rule.matches)?, then })
    })?;
    Ok(Route { meta: meta::meta(of.metadata)?, hosts: routes::hosts(of.hosts)?, rules })
}

fn authorizations(of: Vec<message::Authz>) -> Read<Authorizations> {
    Ok(each(of, AUTHORIZATIONS_MAX, "authorizations", |authz| authorization(authz).map(Arc::new))?.into())
}

fn authorization(of: message::Authz) -> Read<Authorization> {
    let meta = match of.metadata {
        Some(metadata) => meta::meta(Some(metadata))?,
        None => meta::from_labels(&of.labels)?,
    };
    let networks = each(of.networks, NETWORKS_MAX, "networks", |network| {
        let except = each(network.except, NETWORKS_MAX, "exceptions", |except| net::network(Some(except)))?;
        Ok(Network { net: net::network(network.net)?, except })
    })?;
    if networks.is_empty() {
        return Err(Nonsense::new(format_args!("the authorization {} names no network", meta.name())));
    }
    let permit = required(of.authentication.and_then(|authn| authn.permit), "the authentication of an authorization")?;
    Ok(Authorization { meta, networks, authentication: authentication(permit)? })
}

fn authentication(of: Permit) -> Read<Authentication> {
    let clients = match of {
        Permit::Unauthenticated(_) => return Ok(Authentication::Unauthenticated),
        Permit::MeshTls(tls) => required(tls.clients, "the clients of an authentication by mutual TLS")?,
    };
    match clients {
        Clients::Unauthenticated(_) => Ok(Authentication::TlsUnauthenticated),
        Clients::Identities(of) => Ok(Authentication::Tls {
            identities: each(of.identities, IDENTITIES_MAX, "identities", |identity| identity_name(identity.name))?,
            suffixes: each(of.suffixes, IDENTITIES_MAX, "suffixes", |suffix| {
                each(suffix.parts, PARTS_MAX, "parts of a suffix", part)
            })?,
        }),
    }
}

/// DNS names are compared in lower case, URIs byte for byte.
pub(super) fn identity_name(of: String) -> Read<Arc<str>> {
    match of.len() {
        0 => Err(Nonsense::new("an identity is empty")),
        1..=IDENTITY_MAX if of.contains("://") => Ok(of.into()),
        1..=IDENTITY_MAX => Ok(of.to_ascii_lowercase().into()),
        _ => Err(Nonsense::new(format_args!("an identity has more than {IDENTITY_MAX} bytes"))),
    }
}

fn part(of: String) -> Read<Arc<str>> {
    match of.len() {
        1..=63 => Ok(of.to_ascii_lowercase().into()),
        _ => Err(Nonsense::new(format_args!("{of:?} is not a part of an identity"))),
    }
}

#[cfg(test)]
#[path = "inbound_tests.rs"]
mod tests;
