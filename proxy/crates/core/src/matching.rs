//! Which rule of which route a request takes.
//!
//! The most specific match wins, the first in the list among equals. More specific is, in this order: the host (a whole
//! name, then the longer suffix, then none), the part of the path that matched (its length only: an exact path does not
//! beat a prefix of the same length, as in linkerd2-proxy), the number of headers, of query parameters, and a method.

use http::{HeaderMap, Method};

use crate::query;
use crate::route::{GrpcMatch, HeaderMatch, HostMatch, HttpMatch, PathMatch, QueryMatch, RequestFacts, Route};

/// The places of the route and of its rule that an HTTP request takes; `None` if no route matches.
pub fn http<R>(routes: &[Route<HttpMatch, R>], request: &RequestFacts<'_>) -> Option<(usize, usize)> {
    best(routes, request.host, HttpRank::default(), |alternative| alternative.rank(request))
}

/// The places of the route and of its rule that a gRPC call takes; `None` if no route matches.
pub fn grpc<R>(routes: &[Route<GrpcMatch, R>], request: &RequestFacts<'_>) -> Option<(usize, usize)> {
    best(routes, request.host, GrpcRank::default(), |alternative| alternative.rank(request))
}

/// How specific `expected` matches the name `given`, which carries no port; `None` if it does not.
pub fn host(expected: &HostMatch, given: &str) -> Option<HostRank> {
    let given = given.strip_suffix('.').unwrap_or(given);
    match expected {
        HostMatch::Exact(name) => given.eq_ignore_ascii_case(name).then_some(HostRank::Exact),
        HostMatch::Suffix(reversed) => {
            let mut labels = given.rsplit('.');
            let all = reversed.iter().all(|part| labels.next().is_some_and(|label| label.eq_ignore_ascii_case(part)));
            let more = all && labels.next().is_some_and(|label| !label.is_empty());
            more.then_some(HostRank::Suffix(reversed.len()))
        }
    }
}

/// How specific a host matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostRank {
    /// No host was asked for.
    Any,
    /// By a suffix of this many labels.
    Suffix(usize),
    /// By its whole name.
    Exact,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct HttpRank {
    path: usize,
    headers: usize,
    query: usize,
    method: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct GrpcRank {
    service: usize,
    method: usize,
    headers: usize,
}

fn best<M, R, K: Copy + Ord>(
    routes: &[Route<M, R>],
    given: Option<&str>,
    lowest: K,
    rank: impl Fn(&M) -> Option<K>,
) -> Option<(usize, usize)> {
    let mut best: Option<((HostRank, K), (usize, usize))> = None;
    for (route_at, route) in routes.iter().enumerate() {
        let host = match route.hosts.is_empty() {
            true => Some(HostRank::Any),
            false => given.and_then(|given| route.hosts.iter().filter_map(|expected| host(expected, given)).max()),
        };
        let Some(host) = host else { continue };
        for (rule_at, rule) in route.rules.iter().enumerate() {
            let found = match rule.matches.is_empty() {
                true => Some(lowest),
                false => rule.matches.iter().filter_map(&rank).max(),
            };
            let Some(found) = found.map(|rank| (host, rank)) else { continue };
            if best.as_ref().is_none_or(|(held, _)| found > *held) {
                best = Some((found, (route_at, rule_at)));
            }
        }
    }
    best.map(|(_, place)| place)
}

impl HttpMatch {
    fn rank(&self, request: &RequestFacts<'_>) -> Option<HttpRank> {
        let method = |expected: &Method| expected == request.method;
        if !self.method.as_ref().is_none_or(method) {
            return None;
        }
        let path = match &self.path {
            Some(path) => path.matched(request.uri.path())?,
            None => 0,
        };
        if !self.headers.iter().all(|header| header.holds(request.headers)) {
            return None;
        }
        let given = request.uri.query().unwrap_or_default();
        if !self.query.iter().all(|query| query.holds(given)) {
            return None;
        }
        let (headers, query) = (self.headers.len(), self.query.len());
        Some(HttpRank { path, headers, query, method: self.method.is_some() })
    }
}

impl GrpcMatch {
    fn rank(&self, request: &RequestFacts<'_>) -> Option<GrpcRank> {
        let named = !self.service.is_empty() || !self.method.is_empty();
        if named {
            let (service, method) = request.uri.path().strip_prefix('/')?.split_once('/')?;
            let fits = |expected: &str, given: &str| expected.is_empty() || expected == given;
            if !fits(&self.service, service) || !fits(&self.method, method) {
                return None;
            }
        }
        if !self.headers.iter().all(|header| header.holds(request.headers)) {
            return None;
        }
        Some(GrpcRank { service: self.service.len(), method: self.method.len(), headers: self.headers.len() })
    }
}

impl PathMatch {
    /// How many bytes of the path this accounts for. A pattern accounts for the whole path.
    fn matched(&self, path: &str) -> Option<usize> {
        match self {
            PathMatch::Exact(expected) => (path == &**expected).then_some(path.len()),
            PathMatch::Prefix(prefix) => {
                // Gateway API: a slash at the end of a prefix means nothing.
                let segments = prefix.strip_suffix('/').unwrap_or(prefix);
                let rest = path.strip_prefix(segments)?;
                let whole = segments.is_empty() || rest.is_empty() || rest.starts_with('/');
                whole.then_some(prefix.len().min(path.len()))
            }
            PathMatch::Regex(pattern) => pattern.0.is_match(path.as_bytes()).then_some(path.len()),
        }
    }
}

impl HeaderMatch {
    /// Any line of that name will do.
    fn holds(&self, headers: &HeaderMap) -> bool {
        match self {
            HeaderMatch::Exact(name, expected) => {
                headers.get_all(name).iter().any(|value| value.as_bytes() == *expected)
            }
            HeaderMatch::Regex(name, pattern) => {
                headers.get_all(name).iter().any(|value| pattern.0.is_match(value.as_bytes()))
            }
        }
    }
}

impl QueryMatch {
    fn holds(&self, given: &str) -> bool {
        match self {
            QueryMatch::Exact(name, expected) => query::first(given, name).is_some_and(|value| value == **expected),
            QueryMatch::Regex(name, pattern) => {
                query::first(given, name).is_some_and(|value| pattern.0.is_match(value.as_bytes()))
            }
        }
    }
}
