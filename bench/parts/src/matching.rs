//! Which rule of which route a request takes.

use std::hint::black_box;
use std::sync::Arc;

use hauberk_core::matching;
use hauberk_core::meta::Meta;
use hauberk_core::route::{GrpcMatch, HeaderMatch, HttpMatch, PathMatch, RequestFacts, Route, Rule};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] = &[("match-default", default), ("match-ten-routes", ten), ("match-grpc", grpc)];

const ROUTES: usize = 10;

/// The route of a Service that nobody wrote routes for.
fn default() -> Work {
    matches(vec![route(Vec::new())], "/", 0)
}

/// Prefixes, each with a header of its own; the last one is the request's.
fn ten() -> Work {
    let version = |n: usize| HeaderMatch::Exact(HeaderName::from_static("x-version"), n.to_string().into());
    let prefix = |n: usize| Some(PathMatch::Prefix(format!("/api/v{}", n % 5).into()));
    let all = (0..ROUTES).map(|n| {
        route(vec![HttpMatch {
            path: prefix(n),
            headers: vec![version(n)],
            method: Some(Method::GET),
            ..HttpMatch::default()
        }])
    });
    matches(all.collect(), "/api/v4/orders/42?dry-run=true", ROUTES - 1)
}

fn matches(routes: Vec<Route<HttpMatch, ()>>, uri: &'static str, expected: usize) -> Work {
    let request = Request::new(uri);
    Box::new(move || {
        let found = matching::http(black_box(&routes), &black_box(&request).facts());
        assert_eq!(found, Some((expected, 0)));
    })
}

/// Methods of one service.
fn grpc() -> Work {
    let method = |n: usize| GrpcMatch {
        service: "shop.Orders".into(),
        method: format!("Call{n}").into(),
        ..GrpcMatch::default()
    };
    let routes: Vec<Route<GrpcMatch, ()>> = (0..ROUTES).map(|n| route(vec![method(n)])).collect();
    let request = Request::new("/shop.Orders/Call9");
    Box::new(move || {
        let found = matching::grpc(black_box(&routes), &black_box(&request).facts());
        assert_eq!(found, Some((ROUTES - 1, 0)));
    })
}

fn route<M>(matches: Vec<M>) -> Route<M, ()> {
    let meta = Arc::new(Meta::Default("route".into()));
    Route { meta, hosts: Vec::new(), rules: vec![Rule { matches, then: () }] }
}

struct Request {
    uri: Uri,
    headers: HeaderMap,
}

impl Request {
    fn new(uri: &'static str) -> Self {
        let headers = [("host", "orders:8080"), ("accept", "*/*"), ("x-version", "9"), ("user-agent", "python")];
        let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self { uri: Uri::from_static(uri), headers: headers.into_iter().map(header).collect() }
    }

    fn facts(&self) -> RequestFacts<'_> {
        RequestFacts { method: &Method::GET, uri: &self.uri, host: Some("orders"), headers: &self.headers }
    }
}
