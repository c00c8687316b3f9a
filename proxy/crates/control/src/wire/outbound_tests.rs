use hauberk_api::linkerd::destination::WeightedAddr;
use hauberk_api::linkerd::http_route::{
    HttpFailureInjector, HttpRouteMatch, PathMatch, Ratio, RequestRedirect, path_match,
};
use hauberk_api::linkerd::meta::{Metadata, Resource, metadata};
use hauberk_api::linkerd::outbound::backend as backend_message;
use hauberk_api::linkerd::outbound::http_route::{self as http_message, distribution, filter};
use std::time::Duration;

use hauberk_core::balance::Weighing;
use hauberk_core::outbound::{BackendKind, Distribution, HttpAction};
use hauberk_core::penalty::Penalty;
use hauberk_core::route::{HttpFilter, HttpMatch, PathMatch as Path, Rule};

use super::*;

const PATH: &str = "web.default.svc.cluster.local:80";

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn service(namespace: &str) -> Option<Metadata> {
    let (group, kind, name) = ("core".into(), "Service".into(), "web".into());
    let resource = Resource { group, kind, name, namespace: namespace.into(), port: 80, ..Default::default() };
    Some(Metadata { kind: Some(metadata::Kind::Resource(resource)) })
}

fn balancer(path: &str) -> message::Backend {
    let dst = backend_message::endpoint_discovery::DestinationGet { path: path.into() };
    let discovery = backend_message::endpoint_discovery::Kind::Dst(dst);
    let load = backend_message::balance_p2c::PeakEwma { default_rtt: seconds(1), decay: seconds(10) };
    let balancer = backend_message::BalanceP2c {
        discovery: Some(backend_message::EndpointDiscovery { kind: Some(discovery) }),
        load: Some(backend_message::balance_p2c::Load::PeakEwma(load)),
    };
    message::Backend {
        metadata: service("default"),
        kind: Some(backend_message::Kind::Balancer(balancer)),
        queue: Some(message::Queue { capacity: 100, failfast_timeout: seconds(3) }),
    }
}

fn weighted(backend: message::Backend, weight: u32) -> http_message::WeightedRouteBackend {
    let backend = http_message::RouteBackend { backend: Some(backend), ..Default::default() };
    http_message::WeightedRouteBackend { backend: Some(backend), weight }
}

fn rule(backends: Vec<http_message::WeightedRouteBackend>) -> http_message::Rule {
    let kind = distribution::Kind::RandomAvailable(http_message::distribution::RandomAvailable { backends });
    http_message::Rule { backends: Some(http_message::Distribution { kind: Some(kind) }), ..Default::default() }
}

fn plain() -> http_message::Rule {
    rule(vec![weighted(balancer(PATH), 1)])
}

fn convert(rule: http_message::Rule) -> Read<Rule<HttpMatch, HttpAction>> {
    let route = message::HttpRoute { metadata: service("default"), hosts: Vec::new(), rules: vec![rule] };
    let http1 = proxy_protocol::Http1 { routes: vec![route], failure_accrual: None };
    let of = message::OutboundPolicy {
        protocol: Some(message::ProxyProtocol { kind: Some(proxy_protocol::Kind::Http1(http1)) }),
        metadata: service("default"),
        version: None,
    };
    let Protocol::Http1(routes) = policy(of)?.protocol else { panic!("HTTP/1") };
    Ok(routes.routes[0].rules[0].clone())
}

#[test]
fn backends_without_weight_get_no_traffic() {
    let of =
        rule(vec![weighted(balancer("a.ns:1"), 0), weighted(balancer("b.ns:1"), 2), weighted(balancer("c.ns:1"), 3)]);
    let Distribution::Weighted(backends) = convert(of).unwrap().then.backends else { panic!("weighted") };
    let path = |kind: &BackendKind| match kind {
        BackendKind::Balance { path, .. } => path.to_string(),
        other => panic!("{other:?}"),
    };
    let seen: Vec<_> = backends.iter().map(|(of, weight)| (path(&of.backend.kind), *weight)).collect();
    assert_eq!(seen, [("b.ns:1".to_owned(), 2), ("c.ns:1".to_owned(), 3)]);
    let nobody = rule(vec![weighted(balancer(PATH), 0), weighted(balancer(PATH), 0)]);
    assert!(matches!(convert(nobody).unwrap().then.backends, Distribution::Empty));
}

#[test]
fn what_failures_cost_is_read_or_is_as_the_contract_has_it() {
    let weighing = |load| {
        let mut backend = balancer(PATH);
        let Some(backend_message::Kind::Balancer(of)) = &mut backend.kind else { panic!("a balancer") };
        of.load = Some(load);
        let Distribution::Weighted(backends) = convert(rule(vec![weighted(backend, 1)])).unwrap().then.backends else {
            panic!("weighted")
        };
        match &backends[0].0.backend.kind {
            BackendKind::Balance { weighing, .. } => *weighing,
            other => panic!("{other:?}"),
        }
    };
    let plain = backend_message::balance_p2c::PeakEwma { default_rtt: seconds(1), decay: seconds(2) };
    assert_eq!(weighing(backend_message::balance_p2c::Load::PeakEwma(plain)).penalty, None);
    let said = backend_message::balance_p2c::PenaltyPeakEwma {
        default_rtt: seconds(1),
        decay: seconds(2),
        penalty: seconds(3),
        max_retry_after: seconds(4),
        penalty_decay: seconds(5),
    };
    let of = |seconds: [u64; 3], rtt, decay| {
        let [latency, hint_max, fades] = seconds.map(Duration::from_secs);
        Weighing { default_rtt: rtt, decay, penalty: Some(Penalty { latency, hint_max, decay: fades }) }
    };
    let expected = of([3, 4, 5], Duration::from_secs(1), Duration::from_secs(2));
    assert_eq!(weighing(backend_message::balance_p2c::Load::PenaltyPeakEwma(said)), expected);
    let nothing = backend_message::balance_p2c::Load::PenaltyPeakEwma(Default::default());
    assert_eq!(weighing(nothing), of([5, 300, 10], Duration::from_millis(30), Duration::from_secs(10)));
}

#[test]
fn a_backend_of_no_kind_answers_nobody() {
    let of = rule(vec![weighted(message::Backend { kind: None, ..balancer(PATH) }, 1)]);
    let Distribution::Weighted(backends) = convert(of).unwrap().then.backends else { panic!("weighted") };
    assert!(matches!(backends[0].0.backend.kind, BackendKind::Invalid));
}

#[test]
fn patterns_hold_for_the_whole_path() {
    let matching = |pattern: &str| {
        let path = Some(PathMatch { kind: Some(path_match::Kind::Regex(pattern.into())) });
        let matches = vec![HttpRouteMatch { path, ..Default::default() }];
        convert(http_message::Rule { matches, ..plain() }).map(|rule| rule.matches[0].path.clone())
    };
    let Ok(Some(Path::Regex(pattern))) = matching("/a|/b") else { panic!("a pattern") };
    assert!(pattern.0.is_match(b"/a") && pattern.0.is_match(b"/b"));
    assert!(!pattern.0.is_match(b"/ab") && !pattern.0.is_match(b"/x/b"));
    for (usual, path) in [
        (r"/users/\d+/\w+", "/users/42/orders"),
        ("(?i)/api/.*", "/API/v1"),
        (r"\S+\b", "/a"),
        ("/[^/]{1,255}", "/a b"),
    ] {
        let Ok(Some(Path::Regex(pattern))) = matching(usual) else { panic!("{usual}") };
        assert!(pattern.0.is_match(path.as_bytes()), "{usual}");
    }
    for wrong in ["(", "a)|(b", &"a".repeat(5000), r"(\w{1000}){1000}"] {
        assert!(matching(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn filters_are_checked() {
    let with = |kind| {
        let filters = vec![http_message::Filter { kind: Some(kind) }];
        convert(http_message::Rule { filters, ..plain() }).map(|rule| rule.then.filters[0].clone())
    };
    let failure = |status, denominator| {
        let ratio = Some(Ratio { numerator: 1, denominator });
        with(filter::Kind::FailureInjector(HttpFailureInjector { status, message: "no".into(), ratio }))
    };
    assert!(matches!(failure(500, 1), Ok(HttpFilter::Fail(fail)) if fail.status == 500));
    assert!(failure(500, 0).is_err() && failure(5000, 1).is_err() && failure(0, 1).is_err());
    let redirect = |status| with(filter::Kind::Redirect(RequestRedirect { status, ..Default::default() }));
    assert!(matches!(redirect(0), Ok(HttpFilter::Redirect(redirect)) if redirect.status == 302));
    assert!(redirect(200).is_err());
}

#[test]
fn what_is_required_must_be_there() {
    let of_backend = |change: &dyn Fn(&mut message::Backend)| {
        let mut backend = balancer(PATH);
        change(&mut backend);
        convert(rule(vec![weighted(backend, 1)]))
    };
    let forward = |of: WeightedAddr| of_backend(&|b| b.kind = Some(backend_message::Kind::Forward(of.clone())));
    for (what, result) in [
        ("no queue", of_backend(&|b| b.queue = None)),
        ("no fail-fast timeout", of_backend(&|b| b.queue = Some(message::Queue::default()))),
        ("no metadata", of_backend(&|b| b.metadata = None)),
        ("no namespace", of_backend(&|b| b.metadata = service(""))),
        ("an address for a name", of_backend(&|b| b.kind = balancer("10.0.0.1:80").kind)),
        ("no port", of_backend(&|b| b.kind = balancer("web.default").kind)),
        ("no address", forward(WeightedAddr::default())),
        ("no distribution", convert(http_message::Rule::default())),
        ("no backend", convert(rule(Vec::new()))),
    ] {
        assert!(result.is_err(), "{what}");
    }
}

#[test]
fn a_port_that_is_not_declared_is_forbidden() {
    let filters = vec![opaque::Filter { kind: Some(opaque::filter::Kind::Forbidden(opaque_route::Forbidden {})) }];
    let rule = opaque::Rule { backends: None, filters };
    let metadata = Some(Metadata { kind: Some(metadata::Kind::Default("undefined-port".into())) });
    let routes = vec![message::OpaqueRoute { metadata, rules: vec![rule] }];
    let of = message::OutboundPolicy {
        protocol: Some(message::ProxyProtocol {
            kind: Some(proxy_protocol::Kind::Opaque(proxy_protocol::Opaque { routes })),
        }),
        metadata: service("default"),
        version: None,
    };
    let Protocol::Opaque(routes) = policy(of).unwrap().protocol else { panic!("opaque") };
    assert_eq!(routes.routes[0].action.as_ref().err(), Some(&OpaqueRefusal::Forbidden));
}

#[test]
fn a_breaker_needs_pauses_that_grow() {
    let with = |min_backoff, max_backoff, jitter_ratio| {
        let backoff = message::ExponentialBackoff { min_backoff, max_backoff, jitter_ratio, ..Default::default() };
        let kind = failure_accrual::Kind::ConsecutiveFailures(failure_accrual::ConsecutiveFailures {
            max_failures: 7,
            backoff: Some(backoff),
        });
        super::failure_accrual(message::FailureAccrual { kind: Some(kind), ejection: None })
    };
    assert_eq!(with(seconds(1), seconds(60), 0.5).unwrap().max_consecutive_failures, 7);
    for (min, max, jitter) in [(2, 1, 0.0), (0, 0, 0.0), (1, 2, -1.0), (1, 2, f32::NAN), (-1, 2, 0.0)] {
        assert!(with(seconds(min), seconds(max), jitter).is_err(), "{min} {max} {jitter}");
    }
}

#[test]
fn a_breaker_may_count_shares_and_spare_the_last_ones() {
    let unified = |success_rate_threshold, decay| {
        let backoff = message::ExponentialBackoff {
            min_backoff: seconds(1),
            max_backoff: seconds(60),
            respect_retry_after_hint: true,
            ..Default::default()
        };
        let kind = failure_accrual::Kind::Unified(failure_accrual::Unified {
            success_rate_threshold,
            decay,
            min_requests: 5,
            max_consecutive_failures: 0,
            backoff: Some(backoff),
        });
        let ejection = Some(failure_accrual::Ejection { min_ready_endpoints: 2 });
        super::failure_accrual(message::FailureAccrual { kind: Some(kind), ejection })
    };
    let breaker = unified(0.8, seconds(10)).unwrap();
    assert_eq!(breaker.success_rate.map(|rate| (rate.threshold, rate.min_requests)), Some((0.8, 5)));
    assert_eq!((breaker.min_ready, breaker.respect_retry_after, breaker.max_consecutive_failures), (2, true, 0));
    assert_eq!(unified(0.0, None).unwrap().success_rate, None, "a threshold of 0 asks for nothing");
    for (threshold, decay) in [(1.5, seconds(10)), (f64::NAN, seconds(10)), (0.8, None), (0.8, seconds(0))] {
        assert!(unified(threshold, decay).is_err(), "{threshold} {decay:?}");
    }
}
