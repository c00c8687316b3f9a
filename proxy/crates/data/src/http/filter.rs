//! What filters of routes do, on either side.

use std::sync::Arc;

use hauberk_core::route::{HeaderModifier, HttpMatch, PathMatch, PathModifier, Redirect};
use http::header::LOCATION;
use http::uri::Scheme;
use http::{HeaderMap, Request, Response};

use crate::http::body::Body;
use crate::http::headers::{host_of, value_of};

/// Changes headers as policy says.
pub(crate) fn modify(headers: &mut HeaderMap, modifier: &HeaderModifier) {
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
/// takes that scheme's well-known one). `prefixes` are those that the request may have matched by.
pub(crate) fn redirected<'a, B>(
    redirect: &Redirect,
    request: &Request<B>,
    prefixes: impl IntoIterator<Item = &'a Arc<str>>,
) -> Response<Body> {
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
    let location = match host {
        // Nobody named one (HTTP/1.0): then the location is on the same host (RFC 9110, 10.2.2).
        "" => format!("{path}{query}"),
        host => format!("{scheme}://{host}{port}{path}{query}"),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = redirect.status;
    response.headers_mut().insert(LOCATION, value_of(&location));
    response
}

/// The path prefixes that lead to a rule.
pub(crate) fn prefixes(matches: &[HttpMatch]) -> impl Iterator<Item = &Arc<str>> {
    matches.iter().filter_map(|of| match &of.path {
        Some(PathMatch::Prefix(prefix)) => Some(prefix),
        _ => None,
    })
}

fn port_of<B>(request: &Request<B>) -> Option<u16> {
    if let Some(authority) = request.uri().authority() {
        return authority.port_u16();
    }
    let host = request.headers().get(http::header::HOST)?.to_str().ok()?;
    host.parse::<http::uri::Authority>().ok()?.port_u16()
}

/// `path` with its matched prefix replaced; the longest of `prefixes` that holds is the one that matched.
fn replace_prefix<'a>(path: &str, prefixes: impl IntoIterator<Item = &'a Arc<str>>, replacement: &str) -> String {
    let rest = prefixes
        .into_iter()
        .map(|prefix| prefix.trim_end_matches('/'))
        .filter_map(|prefix| Some((prefix.len(), path.strip_prefix(prefix)?)))
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
        .max_by_key(|(length, _)| *length)
        .map_or(path, |(_, rest)| rest);
    let joined = format!("{}{rest}", replacement.trim_end_matches('/'));
    if joined.starts_with('/') { joined } else { format!("/{joined}") }
}
