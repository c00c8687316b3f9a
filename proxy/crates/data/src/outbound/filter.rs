//! What is done to requests and responses on their way.

use std::sync::Arc;

use hauberk_core::route::{GrpcFilter, HeaderModifier, HttpFilter, PathModifier, Ratio, Redirect};
use http::header::LOCATION;
use http::uri::Scheme;
use http::{HeaderMap, Request, Response};

use crate::http::body::Body;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::{host_of, value_of};

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

fn modify(headers: &mut HeaderMap, modifier: &HeaderModifier) {
    for name in &modifier.remove {
        headers.remove(name);
    }
    for (name, value) in &modifier.set {
        headers.insert(name.clone(), value.clone());
    }
    for (name, value) in &modifier.add {
        headers.append(name.clone(), value.clone());
    }
}

/// The answer of a redirect (GEP-1364's rules: what the filter leaves out is the request's; a scheme without a port
/// takes that scheme's well-known one).
fn redirected<B>(redirect: &Redirect, request: &Request<B>, prefixes: &[Arc<str>]) -> Response<Body> {
    let uri = request.uri();
    let scheme = redirect.scheme.as_ref().or(uri.scheme()).unwrap_or(&Scheme::HTTP);
    let host = redirect.host.as_deref().or_else(|| host_of(request)).unwrap_or_default();
    let port = redirect.port.or_else(|| if redirect.scheme.is_some() { None } else { port_of(request) });
    let well_known = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    let port = port.filter(|port| *port != well_known).map(|port| format!(":{port}")).unwrap_or_default();
    let path = match &redirect.path {
        None => uri.path().to_owned(),
        Some(PathModifier::Full(path)) => path.to_string(),
        Some(PathModifier::Prefix(prefix)) => replace_prefix(uri.path(), prefixes, prefix),
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = redirect.status;
    response.headers_mut().insert(LOCATION, value_of(&format!("{scheme}://{host}{port}{path}{query}")));
    response
}

fn port_of<B>(request: &Request<B>) -> Option<u16> {
    if let Some(authority) = request.uri().authority() {
        return authority.port_u16();
    }
    let host = request.headers().get(http::header::HOST)?.to_str().ok()?;
    host.parse::<http::uri::Authority>().ok()?.port_u16()
}

/// `path` with its matched prefix replaced; the longest of `prefixes` that holds is the one that matched.
fn replace_prefix(path: &str, prefixes: &[Arc<str>], replacement: &str) -> String {
    let rest = prefixes
        .iter()
        .map(|prefix| prefix.trim_end_matches('/'))
        .filter_map(|prefix| Some((prefix.len(), path.strip_prefix(prefix)?)))
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
        .max_by_key(|(length, _)| *length)
        .map_or(path, |(_, rest)| rest);
    let joined = format!("{}{rest}", replacement.trim_end_matches('/'));
    if joined.starts_with('/') { joined } else { format!("/{joined}") }
}
