//! What the route of a request does to it, once it may pass.

use std::sync::Arc;

use hauberk_core::inbound::{GrpcAccess, HttpAccess, Protocol, ServerPolicy};
use hauberk_core::route::{GrpcFilter, HttpFilter, HttpMatch, Rule};
use http::{Request, Response};

use crate::http::body::Body;
use crate::http::filter::{modify, prefixes, redirected};

/// The filters of one rule, of which at least one changes requests or answers them.
pub(super) struct Changes {
    pub(super) policy: Arc<ServerPolicy>,
    /// The place of its route.
    pub(super) route: usize,
    /// Its place within the route.
    pub(super) rule: usize,
}

impl Changes {
    /// Applies them in order, until one answers. Injected failures are not among them: they are decided before.
    pub(super) fn apply<B>(&self, request: &mut Request<B>) -> Option<Response<Body>> {
        match &self.policy.protocol {
            Protocol::Detect { routes, .. } | Protocol::Http1(routes) | Protocol::Http2(routes) => {
                http(routes.get(self.route)?.rules.get(self.rule)?, request)
            }
            Protocol::Grpc(routes) => {
                grpc(&routes.get(self.route)?.rules.get(self.rule)?.then, request);
                None
            }
            Protocol::Opaque | Protocol::Tls => None,
        }
    }
}

fn http<B>(rule: &Rule<HttpMatch, HttpAccess>, request: &mut Request<B>) -> Option<Response<Body>> {
    for filter in &rule.then.filters {
        match filter {
            HttpFilter::RequestHeaders(modifier) => modify(request.headers_mut(), modifier),
            HttpFilter::Redirect(redirect) => return Some(redirected(redirect, request, prefixes(&rule.matches))),
            HttpFilter::Fail(_) | HttpFilter::ResponseHeaders(_) => {}
        }
    }
    None
}

fn grpc<B>(access: &GrpcAccess, request: &mut Request<B>) {
    for filter in &access.filters {
        match filter {
            GrpcFilter::RequestHeaders(modifier) => modify(request.headers_mut(), modifier),
            GrpcFilter::Fail { .. } => {}
        }
    }
}
