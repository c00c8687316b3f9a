//! What is done to requests and responses on their way.

use std::sync::Arc;

use hauberk_core::route::{GrpcFilter, HeaderModifier, HttpFilter, Ratio, Redirect};
use http::{HeaderMap, Request, Response};

use crate::http::body::Body;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::filter::{modify, redirected};

/// A filter of an HTTP or gRPC route.
pub(super) enum Filter {
    Fail { kind: ErrorKind, message: Arc<str>, ratio: Ratio },
    RequestHeaders(HeaderModifier),
    ResponseHeaders(HeaderModifier),
    Redirect(Redirect),
}

/// A request that is answered without being forwarded.
pub(super) enum Answer {
    Failure(ProxyError),
    Redirect(Response<Body>),
}

impl From<&HttpFilter> for Filter {
    fn from(filter: &HttpFilter) -> Self {
        match filter {
            HttpFilter::Fail(fail) => Filter::Fail {
                kind: ErrorKind::Injected(fail.status),
                message: fail.message.clone(),
                ratio: fail.ratio,
            },
            HttpFilter::RequestHeaders(modifier) => Filter::RequestHeaders(modifier.clone()),
            HttpFilter::ResponseHeaders(modifier) => Filter::ResponseHeaders(modifier.clone()),
            HttpFilter::Redirect(redirect) => Filter::Redirect(redirect.clone()),
        }
    }
}

impl From<&GrpcFilter> for Filter {
    fn from(filter: &GrpcFilter) -> Self {
        match filter {
            GrpcFilter::Fail { code, message, ratio } => {
                Filter::Fail { kind: ErrorKind::InjectedGrpc(*code), message: message.clone(), ratio: *ratio }
            }
            GrpcFilter::RequestHeaders(modifier) => Filter::RequestHeaders(modifier.clone()),
        }
    }
}

/// Applies `filters` to a request in order, until one of them answers it. `random` is asked for a number for each
/// injected failure; `prefixes` are those that the request may have matched by.
pub(super) fn request<B>(
    filters: &[Filter],
    request: &mut Request<B>,
    prefixes: &[Arc<str>],
    random: impl Fn() -> u64,
) -> Option<Answer> {
    for filter in filters {
        match filter {
            Filter::Fail { kind, message, ratio } if ratio.hits(random()) => {
                return Some(Answer::Failure(ProxyError::new(*kind, &**message)));
            }
            Filter::RequestHeaders(modifier) => modify(request.headers_mut(), modifier),
            Filter::Redirect(redirect) => return Some(Answer::Redirect(redirected(redirect, request, prefixes))),
            Filter::Fail { .. } | Filter::ResponseHeaders(_) => {}
        }
    }
    None
}

/// Applies `filters` to the head of a response.
pub(super) fn response(filters: &[Filter], headers: &mut HeaderMap) {
    for filter in filters {
        if let Filter::ResponseHeaders(modifier) = filter {
            modify(headers, modifier);
        }
    }
}
