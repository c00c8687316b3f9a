//! Which route of a port's policy a request takes.

use std::sync::Arc;

use hauberk_core::inbound::{Authorization, Protocol, ServerPolicy};
use hauberk_core::matching;
use hauberk_core::meta::Meta;
use hauberk_core::route::{GrpcFilter, HttpFilter, RequestFacts};
use http::Request;

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
    filters: Filters<'a>,
}

enum Filters<'a> {
    Http(&'a [HttpFilter]),
    Grpc(&'a [GrpcFilter]),
}

/// The route of a request; `None` if the policy has routes and none matches.
pub(super) fn find<'a, B>(policy: &'a ServerPolicy, request: &Request<B>) -> Option<Access<'a>> {
    let facts = RequestFacts {
        method: request.method(),
        uri: request.uri(),
        host: headers::host_of(request),
        headers: request.headers(),
    };
    match &policy.protocol {
        Protocol::Detect { routes, .. } | Protocol::Http1(routes) | Protocol::Http2(routes) if !routes.is_empty() => {
            let (route, rule) = matching::http(routes, &facts)?;
            let then = &routes[route].rules[rule].then;
            Some(Access {
                key: Key::Route(route),
                meta: Some(&routes[route].meta),
                authorizations: &then.authorizations,
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
                filters: Filters::Grpc(&then.filters),
            })
        }
        _ => Some(Access { key: Key::Port, meta: None, authorizations: &[], filters: Filters::Http(&[]) }),
    }
}

impl Access<'_> {
    /// The failure that the route injects into this request, if it does.
    pub(super) fn failure(&self, random: u64) -> Option<ProxyError> {
        match self.filters {
            Filters::Http(filters) => filters.iter().find_map(|filter| match filter {
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
