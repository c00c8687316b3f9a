//! What routes of all kinds are made of: hosts, matches, limits.

use std::sync::Arc;

use ::http::Method;
use bytes::Bytes;
use hauberk_api::linkerd::grpc_route::GrpcRouteMatch;
use hauberk_api::linkerd::http_route::{self, HttpRouteMatch, header_match, host_match, path_match, query_param_match};
use hauberk_api::linkerd::http_types::{HttpMethod, http_method};
use hauberk_core::route::{GrpcMatch, HeaderMatch, HostMatch, HttpMatch, PathMatch, Pattern, QueryMatch, Timeouts};
use regex::bytes::{Regex, RegexBuilder};

use crate::wire::{Nonsense, Read, each, headers, required, time};

/// Routes of a port or destination; rules of a route; alternatives of a rule; hosts of a route; filters of a rule.
pub(super) const ROUTES_MAX: usize = 1000;
pub(super) const RULES_MAX: usize = 256;
pub(super) const MATCHES_MAX: usize = 128;
pub(super) const HOSTS_MAX: usize = 256;
pub(super) const FILTERS_MAX: usize = 32;
/// Headers or parameters that one match looks at.
const CONDITIONS_MAX: usize = 32;
/// Longest pattern in bytes, and the memory of its compiled form and of its cache, each.
const PATTERN_MAX: usize = 4096;
const PATTERN_MEMORY_MAX: usize = 256 * 1024;

/// A pattern for a whole subject. The engine's time is linear in the subject, whatever the pattern.
fn pattern(of: &str) -> Read<Pattern> {
    let wrong = |why: &dyn std::fmt::Display| Nonsense::new(format_args!("the pattern {of:?} cannot be used: {why}"));
    if of.len() > PATTERN_MAX {
        return Err(Nonsense::new(format_args!("a pattern has more than {PATTERN_MAX} bytes")));
    }
    // By itself first: a stray parenthesis must not find its partner in what is put around it.
    let build = |text: &str| -> Result<Regex, regex::Error> {
        // What is matched are bytes: without Unicode `\d` and `(?i)` need no tables, and `[^/]{1,255}` little memory.
        let mut builder = RegexBuilder::new(text);
        builder.unicode(false).size_limit(PATTERN_MEMORY_MAX).dfa_size_limit(PATTERN_MEMORY_MAX).build()
    };
    build(of).map_err(|error| wrong(&error))?;
    build(&format!("^(?:{of})$")).map(Pattern).map_err(|error| wrong(&error))
}

/// The hosts of a route.
pub(super) fn hosts(of: Vec<http_route::HostMatch>) -> Read<Vec<HostMatch>> {
    each(of, HOSTS_MAX, "hosts", |host| match required(host.r#match, "the host of a route")? {
        host_match::Match::Exact(name) => exact_host(&name),
        host_match::Match::Suffix(suffix) => suffix_host(&suffix.reverse_labels),
    })
}

/// A whole host name.
pub(super) fn exact_host(name: &str) -> Read<HostMatch> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || name.len() > 253 {
        return Err(Nonsense::new(format_args!("{name:?} is not a host")));
    }
    Ok(HostMatch::Exact(name.to_ascii_lowercase().into()))
}

/// `*.b.a`, given as `a`, `b`.
pub(super) fn suffix_host(reverse_labels: &[String]) -> Read<HostMatch> {
    let label = |label: &String| -> Read<Arc<str>> {
        if label.is_empty() || label.len() > 63 {
            return Err(Nonsense::new(format_args!("{label:?} is not a part of a host")));
        }
        Ok(label.to_ascii_lowercase().into())
    };
    if reverse_labels.is_empty() || reverse_labels.len() > 127 {
        return Err(Nonsense::new("a family of hosts has no name"));
    }
    Ok(HostMatch::Suffix(reverse_labels.iter().map(label).collect::<Read<_>>()?))
}

/// The alternatives of an HTTP rule.
pub(super) fn http_matches(of: Vec<HttpRouteMatch>) -> Read<Vec<HttpMatch>> {
    each(of, MATCHES_MAX, "matches", |of| {
        Ok(HttpMatch {
            path: of.path.map(path).transpose()?,
            headers: header_matches(of.headers)?,
            query: each(of.query_params, CONDITIONS_MAX, "query parameters", query)?,
            method: of.method.map(method).transpose()?,
        })
    })
}

/// The alternatives of a gRPC rule.
pub(super) fn grpc_matches(of: Vec<GrpcRouteMatch>) -> Read<Vec<GrpcMatch>> {
    each(of, MATCHES_MAX, "matches", |of| {
        let rpc = of.rpc.unwrap_or_default();
        Ok(GrpcMatch { service: rpc.service.into(), method: rpc.method.into(), headers: header_matches(of.headers)? })
    })
}

fn path(of: http_route::PathMatch) -> Read<PathMatch> {
    Ok(match required(of.kind, "the path of a match")? {
        path_match::Kind::Exact(path) => PathMatch::Exact(path.into()),
        path_match::Kind::Prefix(path) => PathMatch::Prefix(path.into()),
        path_match::Kind::Regex(text) => PathMatch::Regex(pattern(&text)?),
    })
}

fn header_matches(of: Vec<http_route::HeaderMatch>) -> Read<Vec<HeaderMatch>> {
    each(of, CONDITIONS_MAX, "headers of a match", |of| {
        let name = headers::name(&of.name)?;
        Ok(match required(of.value, "the value of a header's match")? {
            header_match::Value::Exact(value) => HeaderMatch::Exact(name, Bytes::from(value)),
            header_match::Value::Regex(text) => HeaderMatch::Regex(name, pattern(&text)?),
        })
    })
}

fn query(of: http_route::QueryParamMatch) -> Read<QueryMatch> {
    let name = of.name.into();
    Ok(match required(of.value, "the value of a query parameter's match")? {
        query_param_match::Value::Exact(value) => QueryMatch::Exact(name, value.into()),
        query_param_match::Value::Regex(text) => QueryMatch::Regex(name, pattern(&text)?),
    })
}

fn method(of: HttpMethod) -> Read<Method> {
    use http_method::Registered;
    match required(of.r#type, "the method of a match")? {
        http_method::Type::Registered(number) => match Registered::try_from(number) {
            Ok(Registered::Get) => Ok(Method::GET),
            Ok(Registered::Post) => Ok(Method::POST),
            Ok(Registered::Put) => Ok(Method::PUT),
            Ok(Registered::Delete) => Ok(Method::DELETE),
            Ok(Registered::Patch) => Ok(Method::PATCH),
            Ok(Registered::Options) => Ok(Method::OPTIONS),
            Ok(Registered::Connect) => Ok(Method::CONNECT),
            Ok(Registered::Head) => Ok(Method::HEAD),
            Ok(Registered::Trace) => Ok(Method::TRACE),
            Err(_) => Err(Nonsense::new(format_args!("{number} is not a method"))),
        },
        http_method::Type::Unregistered(text) => {
            text.parse().map_err(|_| Nonsense::new(format_args!("{text:?} is not a method")))
        }
    }
}

/// Limits of time; `older` is the field that went before the limit of the whole request.
pub(super) fn timeouts(of: Option<http_route::Timeouts>, older: Option<prost_types::Duration>) -> Read<Timeouts> {
    let of = of.unwrap_or_default();
    Ok(Timeouts {
        response: time::limit(of.response, "the response timeout")?,
        request: time::limit(of.request.or(older), "the request timeout")?,
        idle: time::limit(of.idle, "the idle timeout")?,
    })
}
