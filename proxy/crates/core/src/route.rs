//! Routes: how a request is recognised and what is done with it. Matching itself is in `matching`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, uri::Scheme};

use crate::balance::scale;
use crate::meta::Meta;

/// A route of policy: for which hosts, and its rules in order.
#[derive(Clone, Debug)]
pub struct Route<M, R> {
    /// Where the route comes from.
    pub meta: Arc<Meta>,
    /// None: every host.
    pub hosts: Vec<HostMatch>,
    /// In the order of the resource.
    pub rules: Vec<Rule<M, R>>,
}

/// One rule: if any of `matches` holds (or there is none), `then` applies.
#[derive(Clone, Debug)]
pub struct Rule<M, R> {
    /// Alternatives; empty matches every request, with the lowest precedence.
    pub matches: Vec<M>,
    /// What follows; the shape differs between inbound and outbound.
    pub then: R,
}

/// A host, or a family of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostMatch {
    /// The whole name, without port, lower case.
    Exact(Arc<str>),
    /// `*.b.a` as `["a", "b"]`: any name with at least one label more.
    Suffix(Vec<Arc<str>>),
}

/// A regular expression that matches all of its subject or nothing: it is anchored at both ends, which `control` sees to.
#[derive(Clone, Debug)]
pub struct Pattern(pub regex::bytes::Regex);

/// What an HTTP request must look like; all given parts must hold.
#[derive(Clone, Debug, Default)]
pub struct HttpMatch {
    /// Path without query.
    pub path: Option<PathMatch>,
    /// All must hold.
    pub headers: Vec<HeaderMatch>,
    /// All must hold.
    pub query: Vec<QueryMatch>,
    /// Method.
    pub method: Option<Method>,
}

/// What a gRPC call must look like.
#[derive(Clone, Debug, Default)]
pub struct GrpcMatch {
    /// Full service name; empty for any.
    pub service: Arc<str>,
    /// Method; empty for any.
    pub method: Arc<str>,
    /// All must hold.
    pub headers: Vec<HeaderMatch>,
}

/// A path, a prefix of whole segments, or a pattern.
#[derive(Clone, Debug)]
pub enum PathMatch {
    /// The whole path.
    Exact(Arc<str>),
    /// `/a` matches `/a` and `/a/b`, not `/ab`.
    Prefix(Arc<str>),
    /// The whole path by a pattern.
    Regex(Pattern),
}

/// A header's value.
#[derive(Clone, Debug)]
pub enum HeaderMatch {
    /// Byte for byte.
    Exact(HeaderName, Bytes),
    /// The whole value by a pattern.
    Regex(HeaderName, Pattern),
}

/// A query parameter's value; the first of that name counts.
#[derive(Clone, Debug)]
pub enum QueryMatch {
    /// Name and decoded value.
    Exact(Arc<str>, Arc<str>),
    /// Name and a pattern for the whole value.
    Regex(Arc<str>, Pattern),
}

/// Something done to a request or a response on its way.
#[derive(Clone, Debug)]
pub enum HttpFilter {
    /// Answer a share of the requests without forwarding.
    Fail(FailureInjector),
    /// Change the request's headers.
    RequestHeaders(HeaderModifier),
    /// Change the response's headers.
    ResponseHeaders(HeaderModifier),
    /// Answer with a redirect.
    Redirect(Redirect),
}

/// Something done to a gRPC call on its way.
#[derive(Clone, Debug)]
pub enum GrpcFilter {
    /// Answer a share of the calls without forwarding.
    Fail {
        /// gRPC status code.
        code: u16,
        /// Human-readable reason.
        message: Arc<str>,
        /// Which share.
        ratio: Ratio,
    },
    /// Change the request's headers.
    RequestHeaders(HeaderModifier),
}

/// Answers a share of requests by itself.
#[derive(Clone, Debug)]
pub struct FailureInjector {
    /// The answer's status.
    pub status: StatusCode,
    /// Human-readable reason.
    pub message: Arc<str>,
    /// Which share.
    pub ratio: Ratio,
}

/// A share of requests; 1/1 is all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// Parts.
    pub numerator: u32,
    /// Of the whole; never 0.
    pub denominator: u32,
}

impl Ratio {
    /// Whether `random`, uniform over all values, falls into the share. A denominator of 0 is no share at all.
    pub fn hits(self, random: u64) -> bool {
        self.denominator > 0 && scale(random, u64::from(self.denominator)) < u64::from(self.numerator)
    }
}

/// Changes to headers: remove, then set, then add.
#[derive(Clone, Debug, Default)]
pub struct HeaderModifier {
    /// Appended.
    pub add: Vec<(HeaderName, HeaderValue)>,
    /// Replaced.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// Removed.
    pub remove: Vec<HeaderName>,
}

/// A redirect; parts that are `None` are taken from the request.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// Scheme of the location.
    pub scheme: Option<Scheme>,
    /// Host of the location.
    pub host: Option<Arc<str>>,
    /// Path of the location.
    pub path: Option<PathModifier>,
    /// Port of the location.
    pub port: Option<u16>,
    /// 3xx.
    pub status: StatusCode,
}

/// How a path is rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathModifier {
    /// The whole path.
    Full(Arc<str>),
    /// The prefix that the rule matched.
    Prefix(Arc<str>),
}

/// Limits of time of a request; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// End of request to end of response.
    pub response: Option<Duration>,
    /// Start of request to end of response.
    pub request: Option<Duration>,
    /// Without a frame in either direction.
    pub idle: Option<Duration>,
}

/// The parts of a request that routes look at.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// Method.
    pub method: &'a Method,
    /// Path and query, and the authority of absolute-form and HTTP/2 requests.
    pub uri: &'a Uri,
    /// The host without port: from the authority, else from `Host`.
    pub host: Option<&'a str>,
    /// Headers.
    pub headers: &'a http::HeaderMap,
}
