//! Which route a request takes.

#![allow(clippy::unwrap_used, reason = "a fixture that does not parse fails the test")]

use std::sync::Arc;

use hauberk_core::matching::{self, HostRank};
use hauberk_core::meta::Meta;
use hauberk_core::route::{
    GrpcMatch, HeaderMatch, HostMatch, HttpMatch, PathMatch, Pattern, QueryMatch, RequestFacts, Route, Rule,
};
use http::{HeaderMap, HeaderName, Method, Request, Uri};
use proptest::prelude::*;

fn route<M>(hosts: &[HostMatch], rules: Vec<Vec<M>>) -> Route<M, ()> {
    let rules = rules.into_iter().map(|matches| Rule { matches, then: () }).collect();
    Route { meta: Arc::new(Meta::Default("test".into())), hosts: hosts.to_vec(), rules }
}

/// One route for all hosts, one rule for each match.
fn rules<M>(matches: Vec<M>) -> [Route<M, ()>; 1] {
    [route(&[], matches.into_iter().map(|m| vec![m]).collect())]
}

fn exact_host(name: &str) -> HostMatch {
    HostMatch::Exact(name.into())
}

fn suffix_host(reversed: &[&str]) -> HostMatch {
    HostMatch::Suffix(reversed.iter().copied().map(Arc::from).collect())
}

fn exact(path: &str) -> HttpMatch {
    HttpMatch { path: Some(PathMatch::Exact(path.into())), ..HttpMatch::default() }
}

fn prefix(path: &str) -> HttpMatch {
    HttpMatch { path: Some(PathMatch::Prefix(path.into())), ..HttpMatch::default() }
}

fn pattern(text: &str) -> Pattern {
    Pattern(regex::bytes::Regex::new(&format!("^(?:{text})$")).unwrap())
}

fn header(name: &'static str, value: &'static str) -> HeaderMatch {
    HeaderMatch::Exact(HeaderName::from_static(name), value.into())
}

fn query(name: &str, value: &str) -> QueryMatch {
    QueryMatch::Exact(name.into(), value.into())
}

/// A request as text: method, target, and headers after it.
fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> Request<()> {
    let builder = Request::builder().method(method).uri(target);
    headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).body(()).unwrap()
}

fn facts(request: &Request<()>) -> RequestFacts<'_> {
    RequestFacts {
        method: request.method(),
        uri: request.uri(),
        host: request.uri().host(),
        headers: request.headers(),
    }
}

fn take(routes: &[Route<HttpMatch, ()>], target: &str) -> Option<(usize, usize)> {
    matching::http(routes, &facts(&request("GET", target, &[])))
}

#[test]
fn the_most_specific_host_wins() {
    let routes = [
        route(&[], vec![vec![prefix("/long/path")]]),
        route(&[suffix_host(&["b"])], vec![vec![prefix("/")]]),
        route(&[suffix_host(&["b", "a"]), exact_host("other")], vec![vec![prefix("/")]]),
        route(&[exact_host("x.a.b")], vec![vec![prefix("/")], vec![prefix("/only")]]),
    ];
    for (target, expected) in [
        ("http://x.a.b/long/path", Some((3, 0))),
        ("http://X.A.b./only", Some((3, 1))),
        ("http://y.a.b/long/path", Some((2, 0))),
        ("http://z.y.a.b/", Some((2, 0))),
        ("http://a.b/", Some((1, 0))),
        ("http://other/", Some((2, 0))),
        ("http://b/long/path", Some((0, 0))),
        ("http://b/", None),
        ("/long/path", Some((0, 0))),
        ("/", None),
    ] {
        assert_eq!(take(&routes, target), expected, "{target}");
    }
    assert_eq!(matching::host(&suffix_host(&["b"]), "a.b"), Some(HostRank::Suffix(1)));
    assert_eq!(matching::host(&suffix_host(&["b"]), ".b"), None);
    assert_eq!(matching::host(&suffix_host(&[]), "a"), Some(HostRank::Suffix(0)));
}

#[test]
fn prefixes_end_at_segments() {
    for (expected, path, matches) in [
        ("/a", "/a", true),
        ("/a", "/a/", true),
        ("/a", "/a/b?c", true),
        ("/a", "/ab", false),
        ("/a", "/", false),
        ("/a/", "/a", true),
        ("/a/", "/a/b", true),
        ("/a/", "/ab", false),
        ("/", "/anything", true),
        ("", "/anything", true),
        ("/", "*", true),
    ] {
        assert_eq!(take(&rules(vec![prefix(expected)]), path).is_some(), matches, "{expected} of {path}");
    }
    assert_eq!(take(&rules(vec![prefix("/")]), "db:5432"), Some((0, 0)), "CONNECT has no path");
}

#[test]
fn the_longer_path_wins_whatever_its_kind() {
    let regex = HttpMatch { path: Some(PathMatch::Regex(pattern("/a/.*|/x"))), ..HttpMatch::default() };
    let routes = rules(vec![HttpMatch::default(), prefix("/"), prefix("/a"), exact("/a"), prefix("/a/b"), regex]);
    for (path, expected) in [("/z", 1), ("/a", 2), ("/a?q", 2), ("/a/b", 4), ("/a/b/c", 5), ("/a/c", 5), ("/xy", 1)] {
        assert_eq!(take(&routes, path), Some((0, expected)), "{path}");
    }
}

#[test]
fn then_headers_count_then_the_query_then_the_method() {
    let one_header = HttpMatch { headers: vec![header("a", "1")], ..prefix("/") };
    let two_headers = HttpMatch { headers: vec![header("a", "1"), header("b", "2")], ..prefix("/") };
    let with_query = HttpMatch { query: vec![query("q", "1")], ..prefix("/") };
    let with_method = HttpMatch { method: Some(Method::POST), ..prefix("/") };
    let routes = rules(vec![prefix("/"), with_method, with_query, one_header, two_headers, exact("/a")]);
    for (method, target, headers, expected) in [
        ("GET", "/", &[][..], 0),
        ("POST", "/", &[], 1),
        ("POST", "/?q=1", &[], 2),
        ("POST", "/?q=1", &[("a", "1")], 3),
        ("POST", "/?q=1", &[("a", "0"), ("a", "1")], 3),
        ("POST", "/?q=1", &[("a", "1"), ("b", "2")], 4),
        ("POST", "/?q=1", &[("a", "11"), ("b", "2")], 2),
        ("POST", "/a?q=1", &[("a", "1"), ("b", "2")], 5),
    ] {
        let request = request(method, target, headers);
        assert_eq!(matching::http(&routes, &facts(&request)), Some((0, expected)), "{method} {target} {headers:?}");
    }
}

#[test]
fn among_equals_the_first_wins_and_no_match_is_the_lowest() {
    let all = route(&[], vec![vec![]]);
    let twice = [all.clone(), route(&[], vec![vec![prefix("/b"), prefix("/a")], vec![prefix("/a")]]), all];
    assert_eq!(take(&twice, "/a"), Some((1, 0)));
    assert_eq!(take(&twice, "/z"), Some((0, 0)));
    let slash = rules(vec![exact("/a"), prefix("/a/")]);
    assert_eq!(take(&slash, "/a"), Some((0, 0)), "a slash that matched nothing does not count");
    assert_eq!(take(&[], "/"), None);
    assert_eq!(take(&[route(&[], vec![])], "/"), None);
}

#[test]
fn queries_are_decoded_and_the_first_of_a_name_counts() {
    let all = HttpMatch {
        query: vec![query("a b", "é&="), QueryMatch::Regex("n".into(), pattern("[0-9]+"))],
        ..HttpMatch::default()
    };
    let routes = rules(vec![all]);
    for (given, matches) in [
        ("a+b=%C3%A9%26%3d&n=12", true),
        ("n=1&x&&a%20b=%c3%a9&a%20b=%c3%a9", false),
        ("a+b=%C3%A9%26=&n=12&n=x&a+b=other", true),
        ("a+b=%C3%A9%26%3D&n=x&n=12", false),
        ("a+b=%C3%A9%26%3D&n=12x", false),
        ("a+b=%C3%A9%26%3D&n", false),
        ("a+b=%C3%A9%26%3D", false),
        ("a+b=%FF%26%3D&n=1", false),
        ("", false),
    ] {
        assert_eq!(take(&routes, &format!("/?{given}")).is_some(), matches, "{given}");
    }
    let percent = rules(vec![HttpMatch { query: vec![query("p", "%zz%")], ..HttpMatch::default() }]);
    assert!(take(&percent, "/?p=%zz%").is_some(), "what is no escape stands for itself");
    let replaced = rules(vec![HttpMatch { query: vec![query("p", "\u{fffd}")], ..HttpMatch::default() }]);
    assert!(take(&replaced, "/?p=%FF").is_none(), "what is no UTF-8 matches nothing");
    let empty = rules(vec![HttpMatch { query: vec![query("flag", "")], ..HttpMatch::default() }]);
    assert!(take(&empty, "/?flag").is_some() && take(&empty, "/").is_none());
}

#[test]
fn calls_are_known_by_service_and_method() {
    let call =
        |service: &str, method: &str| GrpcMatch { service: service.into(), method: method.into(), headers: vec![] };
    let with_header = GrpcMatch { headers: vec![header("a", "1")], ..call("", "Get") };
    let routes = rules(vec![
        call("", ""),
        with_header,
        call("", "Get"),
        call("a.B", ""),
        call("a.B", "Get"),
        call("a.B", "Get"),
    ]);
    for (path, headers, expected) in [
        ("/a.B/Get", &[("a", "1")][..], 4),
        ("/a.B/Put", &[], 3),
        ("/a.C/Get", &[("a", "1")], 1),
        ("/a.C/Get", &[], 2),
        ("/a.C/Put", &[], 0),
        ("/a.B/Get/more", &[], 3),
        ("/a.B", &[], 0),
    ] {
        let request = request("POST", path, headers);
        assert_eq!(matching::grpc(&routes, &facts(&request)), Some((0, expected)), "{path} {headers:?}");
    }
}

/// Hosts and paths from few words, so that many of them match.
fn hosts() -> impl Strategy<Value = Vec<HostMatch>> {
    let labels = prop::collection::vec(prop_oneof![Just("a"), Just("b")], 1..3);
    let host = prop_oneof![
        labels.clone().prop_map(|labels| exact_host(&labels.join("."))),
        labels.prop_map(|labels| suffix_host(&labels)),
    ];
    prop::collection::vec(host, 0..3)
}

fn matches() -> impl Strategy<Value = HttpMatch> {
    let path = prop::option::of(prop_oneof![
        "/(a|b|a/b)?".prop_map(|path| PathMatch::Exact(path.into())),
        "(/a|/b){0,2}/?".prop_map(|path| PathMatch::Prefix(path.into())),
    ]);
    let headers = prop::sample::subsequence(vec![header("h", "1"), header("i", "1")], 0..=2);
    let query = prop::sample::subsequence(vec![query("q", "1"), query("r", "1")], 0..=2);
    let method = prop::option::of(prop_oneof![Just(Method::GET), Just(Method::POST)]);
    (path, headers, query, method).prop_map(|(path, headers, query, method)| HttpMatch { path, headers, query, method })
}

fn requests() -> impl Strategy<Value = Request<()>> {
    let parts = ("(a|b|a\\.b|b\\.a|a\\.a\\.b)", "(/a|/b){0,2}", "(q=1)?(&r=1)?", any::<bool>(), any::<[bool; 2]>());
    parts.prop_map(|(host, path, query, post, has)| {
        let uri: Uri = format!("http://{host}{path}?{query}").parse().unwrap();
        let mut request = request(if post { "POST" } else { "GET" }, "/", &[]);
        *request.uri_mut() = uri;
        let headers: &mut HeaderMap = request.headers_mut();
        for (name, _) in ["h", "i"].into_iter().zip(has).filter(|(_, has)| *has) {
            headers.insert(name, http::HeaderValue::from_static("1"));
        }
        request
    })
}

/// The order of precedence, spelled out once more and slowly: a list of numbers, compared from the left.
fn naive(host: &[HostMatch], m: Option<&HttpMatch>, request: &Request<()>) -> Option<Vec<usize>> {
    let given = request.uri().host().unwrap();
    let of_host = |host: &HostMatch| match host {
        HostMatch::Exact(name) => (given == &**name).then_some(1000),
        HostMatch::Suffix(reversed) => {
            let labels: Vec<&str> = reversed.iter().rev().map(|label| &**label).collect();
            given.ends_with(&format!(".{}", labels.join("."))).then_some(1 + labels.len())
        }
    };
    let host = if host.is_empty() { 0 } else { host.iter().filter_map(of_host).max()? };
    let Some(m) = m else { return Some(vec![host, 0, 0, 0, 0]) };
    let path = request.uri().path();
    let segments = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let path = match &m.path {
        None => 0,
        Some(PathMatch::Exact(expected)) if path == &**expected => path.len(),
        Some(PathMatch::Prefix(prefix)) if segments(path).starts_with(&segments(prefix)) => {
            path.len().min(prefix.len())
        }
        Some(_) => return None,
    };
    let holds =
        |header: &HeaderMatch| matches!(header, HeaderMatch::Exact(name, _) if request.headers().contains_key(name));
    let given = format!("&{}&", request.uri().query().unwrap_or_default());
    let asked =
        |query: &QueryMatch| matches!(query, QueryMatch::Exact(name, _) if given.contains(&format!("&{name}=1&")));
    let all = m.headers.iter().all(holds) && m.query.iter().all(asked);
    let all = all && m.method.as_ref().is_none_or(|method| method == request.method());
    all.then(|| vec![host, path, m.headers.len(), m.query.len(), usize::from(m.method.is_some())])
}

proptest! {
    #[test]
    fn the_choice_is_that_of_a_naive_model(
        routes in prop::collection::vec((hosts(), prop::collection::vec(prop::collection::vec(matches(), 0..3), 0..3)), 0..5),
        request in requests(),
    ) {
        let routes: Vec<_> = routes.into_iter().map(|(hosts, rules)| route(&hosts, rules)).collect();
        let mut found: Vec<(Vec<usize>, (usize, usize))> = Vec::new();
        for (at, route) in routes.iter().enumerate() {
            for (rule_at, rule) in route.rules.iter().enumerate() {
                let alternatives = rule.matches.iter().map(Some).chain(rule.matches.is_empty().then_some(None));
                let ranks = alternatives.filter_map(|m| naive(&route.hosts, m, &request));
                found.extend(ranks.map(|rank| (rank, (at, rule_at))));
            }
        }
        let best = found.iter().map(|(rank, _)| rank).max();
        let expected = found.iter().find(|(rank, _)| Some(rank) == best).map(|(_, place)| *place);
        prop_assert_eq!(matching::http(&routes, &facts(&request)), expected);
    }

    #[test]
    fn any_query_is_survived(given in "[a%+=&0-9f]{0,20}") {
        let routes = rules(vec![HttpMatch { query: vec![query("a", "a")], ..HttpMatch::default() }]);
        take(&routes, &format!("/?{given}"));
    }
}
