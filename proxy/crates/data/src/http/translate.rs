//! HTTP/1 carried over the HTTP/2 connections between proxies, and restored at the far end.

use std::net::SocketAddr;

use hauberk_core::http1::request::is_scheme;
use http::header::{HOST, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri, Version};

use crate::http::headers::{ORIG_PROTO, strip_around_upgrade, strip_hop_by_hop};

const HTTP_10: HeaderValue = HeaderValue::from_static("HTTP/1.0");
const HTTP_11: HeaderValue = HeaderValue::from_static("HTTP/1.1");
const HTTP_10_ABSOLUTE: HeaderValue = HeaderValue::from_static("HTTP/1.0; absolute-form");
const HTTP_11_ABSOLUTE: HeaderValue = HeaderValue::from_static("HTTP/1.1; absolute-form");

/// Remembers the authority of the last request of a connection: a client repeats its `Host`.
#[derive(Debug, Default)]
pub(crate) struct AuthorityCache(Option<(HeaderValue, Authority)>);

impl AuthorityCache {
    fn of(&mut self, host: &HeaderValue) -> Option<Authority> {
        if let Some((known, authority)) = &self.0
            && known == host
        {
            return Some(authority.clone());
        }
        let authority = Authority::try_from(host.as_bytes()).ok()?;
        // A copy: what came with the request's head would hold all of the head.
        self.0 = Some((HeaderValue::from_bytes(host.as_bytes()).ok()?, authority.clone()));
        Some(authority)
    }
}

/// A request whose target names no host, although HTTP/1.1 demands one (RFC 9112, 3.2).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoHost;

/// Makes an HTTP/1 request one of HTTP/2 and notes what it was. `fallback` is the authority of HTTP/1.0 requests
/// without `Host`: the address that the program dialled.
pub(crate) fn to_http2<B>(
    request: &mut Request<B>,
    cache: &mut AuthorityCache,
    fallback: &Authority,
) -> Result<(), NoHost> {
    let absolute = request.uri().authority().is_some();
    let proto = match (request.version(), absolute) {
        (Version::HTTP_10, false) => HTTP_10,
        (Version::HTTP_10, true) => HTTP_10_ABSOLUTE,
        (_, false) => HTTP_11,
        (_, true) => HTTP_11_ABSOLUTE,
    };
    if !absolute {
        let authority = match request.headers().get(HOST) {
            Some(host) => cache.of(host).ok_or(NoHost)?,
            None if request.version() == Version::HTTP_10 => fallback.clone(),
            None => return Err(NoHost),
        };
        set_target(request, Some((Scheme::HTTP, authority)));
    }
    let headers = request.headers_mut();
    headers.remove(HOST);
    strip_hop_by_hop(headers);
    headers.insert(ORIG_PROTO, proto);
    *request.version_mut() = Version::HTTP_2;
    Ok(())
}

/// Restores a request that was HTTP/1 at the far proxy. Returns whether it was.
pub(crate) fn restore_request<B>(request: &mut Request<B>) -> bool {
    let Some(proto) = request.headers_mut().remove(ORIG_PROTO) else {
        return false;
    };
    let (version, absolute) = match proto.as_bytes() {
        b"HTTP/1.0" => (Version::HTTP_10, false),
        b"HTTP/1.0; absolute-form" => (Version::HTTP_10, true),
        b"HTTP/1.1; absolute-form" => (Version::HTTP_11, true),
        _ => (Version::HTTP_11, false),
    };
    *request.version_mut() = version;
    // Only what a proxy like this one took from its program: any client may say that it is one.
    let absolute = absolute && request.uri().scheme_str().is_some_and(is_scheme);
    to_http1_target(request, absolute);
    true
}

/// Makes the target of a request one of HTTP/1: `Host`, and origin form unless `absolute`.
fn to_http1_target<B>(request: &mut Request<B>, absolute: bool) {
    settle_host(request);
    if request.uri().authority().is_none()
        && let Some(first) = request.headers().get(HOST).cloned()
    {
        // Policy looks at the first alone; HTTP/2 lets a peer send several.
        request.headers_mut().insert(HOST, first);
    }
    if !absolute && request.uri().authority().is_some() {
        set_target(request, None);
    }
}

/// Notes in a response that it answers an HTTP/1 request, and removes what is for the last hop only.
pub(crate) fn mark_response<B>(response: &mut Response<B>, version: Version) {
    strip_hop_by_hop(response.headers_mut());
    let proto = if version == Version::HTTP_10 { HTTP_10 } else { HTTP_11 };
    response.headers_mut().insert(ORIG_PROTO, proto);
    *response.version_mut() = Version::HTTP_2;
}

/// Makes a response one of HTTP/1, whatever carried it: always of HTTP/1.1, which the server turns into HTTP/1.0 with the
/// right `Connection` where the client speaks that.
pub(crate) fn restore_response<B>(response: &mut Response<B>) {
    response.headers_mut().remove(ORIG_PROTO);
    strip_hop_by_hop(response.headers_mut());
    *response.version_mut() = Version::HTTP_11;
}

/// An address as the authority of a request; a port of 80 is left out (RFC 9110, 4.2.1).
pub(crate) fn authority_of(addr: SocketAddr) -> Authority {
    let text = match addr.port() {
        80 if addr.is_ipv6() => format!("[{}]", addr.ip()),
        80 => addr.ip().to_string(),
        _ => addr.to_string(),
    };
    text.parse().unwrap_or_else(|_| Authority::from_static("unknown"))
}

/// Gives an HTTP/2 request without an authority (RFC 9113, 8.3.1 lets it have `Host` instead) the one of `Host`, else
/// `fallback`: the connection onwards needs one.
pub(crate) fn ensure_authority<B>(request: &mut Request<B>, fallback: &Authority) {
    if request.uri().authority().is_some() {
        return;
    }
    let host = request.headers_mut().remove(HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    set_target(request, Some((Scheme::HTTP, authority.unwrap_or_else(|| fallback.clone()))));
}

/// Makes a request that may turn its connection into a tunnel one of HTTP/1, which alone can do so here.
pub(crate) fn to_tunnel<B>(request: &mut Request<B>) {
    strip_around_upgrade(request.headers_mut());
    if request.version() == Version::HTTP_2 {
        *request.version_mut() = Version::HTTP_11;
    }
    settle_host(request);
}

/// Leaves a request with one host: that of its target, where that names one, whatever `Host` says (RFC 9112, 3.2.2;
/// RFC 9113, 8.3.1). Policy looks at no other, so the program must not either.
pub(crate) fn settle_host<B>(request: &mut Request<B>) {
    let Some(authority) = request.uri().authority() else { return };
    if request.version() == Version::HTTP_2 {
        request.headers_mut().remove(HOST);
    } else if let Some(host) = host_value(authority) {
        request.headers_mut().insert(HOST, host);
    }
}

/// An authority as `Host` has it: without user information.
fn host_value(authority: &Authority) -> Option<HeaderValue> {
    let text = authority.as_str();
    HeaderValue::from_str(text.rsplit_once('@').map_or(text, |(_, host)| host)).ok()
}

/// Replaces the host that a request is for, such as at a gateway. What is no authority changes nothing.
pub(crate) fn replace_authority<B>(request: &mut Request<B>, authority: &str) {
    let (Ok(authority), Ok(host)) = (authority.parse::<Authority>(), HeaderValue::from_str(authority)) else { return };
    if request.uri().authority().is_some() {
        set_target(request, Some((Scheme::HTTP, authority)));
    }
    if request.headers().contains_key(HOST) {
        request.headers_mut().insert(HOST, host);
    }
}

fn set_target<B>(request: &mut Request<B>, host: Option<(Scheme, Authority)>) {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    (parts.scheme, parts.authority) = host.unzip();
    if parts.path_and_query.is_none() {
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
    }
    // Scheme, authority and path are either all there or only the path is: always a valid target.
    *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
}
