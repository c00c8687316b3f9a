//! Which route of a port's policy a request takes.

use std::sync::Arc;

use hauberk_core::inbound::{Authorization, Protocol, ServerPolicy};
use hauberk_core::matching;
use hauberk_core::meta::Meta;
use hauberk_core::path;
use hauberk_core::route::{GrpcFilter, HttpFilter, RequestFacts};
use http::{Request, Uri};

use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers;

/// A route within one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The policy has no routes: the port's own authorizations decide.
    Port,
    /// The route at this place.
    Route(usize),
}

/// What a request's route says.
pub(super) struct Access<'a> {
    pub(super) key: Key,
    pub(super) meta: Option<&'a Arc<Meta>>,
    pub(super) authorizations: &'a [Arc<Authorization>],
    /// The place of the rule within the route.
    pub(super) rule: usize,
    filters: Filters<'a>,
}

enum Filters<'a> {
    Http(&'a [HttpFilter]),
    Grpc(&'a [GrpcFilter]),
}

/// The target of a request as a program may read it that normalises paths, if that differs and the policy has routes:
/// then a client needs to be let in either way.
pub(super) fn other_reading<B>(policy: &ServerPolicy, request: &Request<B>) -> Option<Uri> {
    let has_routes = match &policy.protocol {
        Protocol::Detect { routes, .. } | Protocol::Http1(routes) | Protocol::Http2(routes) => !routes.is_empty(),
        Protocol::Grpc(_) | Protocol::Opaque | Protocol::Tls => false,
    };
    let path = has_routes.then(|| path::other_reading(request.uri().path())).flatten()?;
    let read = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(read.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// The route of a request; `None` if the policy has routes and none matches.
pub(super) fn find<'a, B>(policy: &'a ServerPolicy, request: &Request<B>) -> Option<Access<'a>> {
    find_at(policy, request, request.uri())
}

/// The route that a request would take if its target were `uri`.
pub(super) fn find_at<'a, B>(policy: &'a ServerPolicy, request: &Request<B>, uri: &Uri) -> Option<Access<'a>> {
    let facts =
        RequestFacts { method: request.method(), uri, host: headers::host_of(request), headers: request.headers() };
    match &policy.protocol {
        Protocol::Detect { routes, .. } | Protocol::Http1(routes) | Protocol::Http2(routes) if !routes.is_empty() => {
            let (route, rule) = matching::http(routes, &facts)?;
            let then = &routes[route].rules[rule].then;
            Some(Access {
                key: Key::Route(route),
                meta: Some(&routes[route].meta),
                authorizations: &then.authorizations,
                rule,
                filters: Filters::Http(&then.filters),
            })
        }
        Protocol::Grpc(routes) if !routes.is_empty() => {
            let (route, rule) = matching::grpc(routes, &facts)?;
            let then = &routes[route].rules[rule].then;
            Some(Access {
                key: Key::Route(route),
                meta: Some(&routes[route].meta),
                authorizations: &then.authorizations,
                rule,
                filters: Filters::Grpc(&then.filters),
            })
        }
        _ => Some(Access { key: Key::Port, meta: None, authorizations: &[], rule: 0, filters: Filters::Http(&[]) }),
    }
}

impl Access<'_> {
    /// Whether the rule changes requests, or answers them with a redirect.
    pub(super) fn changes(&self) -> bool {
        match self.filters {
            Filters::Http(filters) => filters.iter().any(|filter| !matches!(filter, HttpFilter::Fail(_))),
            Filters::Grpc(filters) => filters.iter().any(|filter| !matches!(filter, GrpcFilter::Fail { .. })),
        }
    }

    /// Whether this is the rule of `other` as well, under one policy.
    pub(super) fn is_rule_of(&self, other: &Access<'_>) -> bool {
        (self.key, self.rule) == (other.key, other.rule)
    }

    /// The failure that the rule injects into this request, if it does, and no redirect answers before it.
    pub(super) fn failure(&self, random: u64) -> Option<ProxyError> {
        match self.filters {
            Filters::Http(filters) => before_redirect(filters).find_map(|filter| match filter {
                HttpFilter::Fail(fail) if fail.ratio.hits(random) => {
                    Some(ProxyError::new(ErrorKind::Injected(fail.status), &*fail.message))
                }
                _ => None,
            }),
            Filters::Grpc(filters) => filters.iter().find_map(|filter| match filter {
                GrpcFilter::Fail { code, message, ratio } if ratio.hits(random) => {
                    Some(ProxyError::new(ErrorKind::InjectedGrpc(*code), &**message))
                }
                _ => None,
            }),
        }
    }
}

fn before_redirect(filters: &[HttpFilter]) -> impl Iterator<Item = &HttpFilter> {
    filters.iter().take_while(|filter| !matches!(filter, HttpFilter::Redirect(_)))
}
