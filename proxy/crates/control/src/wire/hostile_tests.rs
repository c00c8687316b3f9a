//! Messages that are right, and what becomes of them when they are damaged.

use std::time::Instant;

use hauberk_api::linkerd::destination::{
    DestinationProfile, ProtocolHint, TlsIdentity, Update, WeightedAddr, WeightedAddrSet, protocol_hint, tls_identity,
    update,
};
use hauberk_api::linkerd::http_route::{HostMatch, HttpRouteMatch, PathMatch, host_match, path_match};
use hauberk_api::linkerd::inbound::{self, Server, authn};
use hauberk_api::linkerd::meta::{Metadata, Resource, metadata};
use hauberk_api::linkerd::outbound::backend::{self, balance_p2c, endpoint_discovery};
use hauberk_api::linkerd::outbound::http_route::{self as http, distribution, filter, retry};
use hauberk_api::linkerd::outbound::{self, ExponentialBackoff, FailureAccrual, OutboundPolicy, failure_accrual};
use hauberk_api::linkerd::{http_route, net as net_message};
use hauberk_api::view;
use hauberk_core::endpoint::Endpoints;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;

use super::hostile::check;
use super::{endpoints, outbound as outbound_wire};

fn second() -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds: 1, nanos: 0 })
}

fn resource() -> Option<Metadata> {
    let (group, kind) = ("core".into(), "Service".into());
    let resource =
        Resource { group, kind, name: "web".into(), namespace: "default".into(), port: 80, section: "".into() };
    Some(Metadata { kind: Some(metadata::Kind::Resource(resource)) })
}

fn version() -> Option<view::Version> {
    Some(view::Version { store: "s".into(), revision: 7 })
}

fn address() -> Option<net_message::TcpAddress> {
    let ip = net_message::IpAddress { ip: Some(net_message::ip_address::Ip::Ipv4(0x0A4D_0001)) };
    Some(net_message::TcpAddress { ip: Some(ip), port: 8080 })
}

fn member() -> WeightedAddr {
    let name = tls_identity::DnsLikeIdentity { name: "web.default.mesh".into() };
    let strategy = Some(tls_identity::Strategy::DnsLikeIdentity(name.clone()));
    let opaque_transport = Some(protocol_hint::OpaqueTransport { inbound_port: 4143 });
    WeightedAddr {
        addr: address(),
        weight: 10_000,
        metric_labels: [("pod".to_owned(), "web-1".to_owned())].into(),
        tls_identity: Some(TlsIdentity { strategy, server_name: Some(name) }),
        protocol_hint: Some(ProtocolHint {
            opaque_transport,
            protocol: Some(protocol_hint::Protocol::H2(protocol_hint::H2 {})),
        }),
        resource_ref: resource(),
        ..Default::default()
    }
}

fn matches() -> Vec<HttpRouteMatch> {
    let path = Some(PathMatch { kind: Some(path_match::Kind::Regex("/api/[a-z]+".into())) });
    let exact = http_route::header_match::Value::Exact(b"1".to_vec());
    let header = http_route::HeaderMatch { name: "x-a".into(), value: Some(exact) };
    vec![HttpRouteMatch { path, headers: vec![header], ..Default::default() }]
}

fn update() -> Update {
    let set = WeightedAddrSet { addrs: vec![member(), member()], ..Default::default() };
    Update { update: Some(update::Update::Add(set)), version: version(), replaces: true }
}

fn server() -> Server {
    let network = net_message::IpNetwork { ip: address().and_then(|address| address.ip), prefix_len: 16 };
    let identities = authn::permit_mesh_tls::PermitClientIdentities {
        identities: vec![inbound::Identity { name: "api.default.mesh".into() }],
        suffixes: vec![inbound::IdentitySuffix { parts: vec!["default".into(), "mesh".into()] }],
    };
    let clients = Some(authn::permit_mesh_tls::Clients::Identities(identities));
    let permit = Some(authn::Permit::MeshTls(authn::PermitMeshTls { clients }));
    let authz = inbound::Authz {
        networks: vec![inbound::Network { net: Some(network), except: vec![network] }],
        authentication: Some(inbound::Authn { permit }),
        metadata: resource(),
        ..Default::default()
    };
    let route = inbound::HttpRoute {
        metadata: resource(),
        authorizations: vec![authz.clone()],
        rules: vec![inbound::http_route::Rule { matches: matches(), filters: Vec::new() }],
        ..Default::default()
    };
    let detect = inbound::proxy_protocol::Detect { timeout: second(), http_routes: vec![route], ..Default::default() };
    Server {
        protocol: Some(inbound::ProxyProtocol { kind: Some(inbound::proxy_protocol::Kind::Detect(detect)) }),
        authorizations: vec![authz],
        labels: [("name".to_owned(), "web".to_owned()), ("kind".to_owned(), "server".to_owned())].into(),
        version: version(),
        ..Default::default()
    }
}

fn balancer() -> outbound::Backend {
    let path = "web.default.svc.cluster.local:80".into();
    let kind = Some(endpoint_discovery::Kind::Dst(endpoint_discovery::DestinationGet { path }));
    let load = Some(balance_p2c::Load::PeakEwma(balance_p2c::PeakEwma { default_rtt: second(), decay: second() }));
    let balancer = backend::BalanceP2c { discovery: Some(backend::EndpointDiscovery { kind }), load };
    outbound::Backend {
        metadata: resource(),
        kind: Some(backend::Kind::Balancer(balancer)),
        queue: Some(outbound::Queue { capacity: 100, failfast_timeout: second() }),
    }
}

fn forward() -> outbound::Backend {
    outbound::Backend { kind: Some(backend::Kind::Forward(member())), ..balancer() }
}

fn pauses() -> Option<ExponentialBackoff> {
    let (min_backoff, max_backoff) = (second(), second());
    Some(ExponentialBackoff { min_backoff, max_backoff, jitter_ratio: 0.5, respect_retry_after_hint: true })
}

fn policy() -> OutboundPolicy {
    let weighted = |backend, weight| http::WeightedRouteBackend {
        backend: Some(http::RouteBackend { backend: Some(backend), ..Default::default() }),
        weight,
    };
    let backends = vec![weighted(balancer(), 1), weighted(forward(), 0)];
    let random = distribution::Kind::RandomAvailable(distribution::RandomAvailable { backends });
    let status_ranges = vec![retry::conditions::StatusRange { start: 500, end: 599 }];
    let rule = http::Rule {
        matches: matches(),
        filters: vec![http::Filter { kind: Some(filter::Kind::FailureInjector(Default::default())) }],
        backends: Some(http::Distribution { kind: Some(random) }),
        timeouts: Some(http_route::Timeouts { response: second(), request: second(), idle: second() }),
        retry: Some(http::Retry {
            max_retries: 1,
            max_request_bytes: 1000,
            conditions: Some(retry::Conditions { status_ranges }),
            timeout: second(),
            backoff: pauses(),
        }),
        ..Default::default()
    };
    let usable = http::Rule { filters: Vec::new(), ..rule };
    let hosts = vec![HostMatch { r#match: Some(host_match::Match::Exact("web".into())) }];
    let routes = vec![outbound::HttpRoute { metadata: resource(), hosts, rules: vec![usable] }];
    let unified = failure_accrual::Unified {
        success_rate_threshold: 0.8,
        decay: second(),
        min_requests: 5,
        max_consecutive_failures: 7,
        backoff: pauses(),
    };
    let failure_accrual = Some(FailureAccrual { kind: Some(failure_accrual::Kind::Unified(unified)), ejection: None });
    let http = outbound::proxy_protocol::Http1 { routes, failure_accrual };
    OutboundPolicy {
        protocol: Some(outbound::ProxyProtocol { kind: Some(outbound::proxy_protocol::Kind::Http1(http)) }),
        metadata: resource(),
        version: version(),
    }
}

fn confirmation() -> view::Confirmation {
    view::Confirmation { version: version(), interval_ms: 5000 }
}

fn profile() -> DestinationProfile {
    DestinationProfile { endpoint: Some(member()), version: version(), ..Default::default() }
}

/// What is done to the bytes of a message that is right.
#[derive(Clone, Debug)]
enum Damage {
    Set(Index, u8),
    Remove(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    // Beside any byte those that make lengths, keys and numbers another one.
    let byte = prop_oneof![any::<u8>(), Just(0), Just(1), Just(0x7f), Just(0x80), Just(0xff)];
    prop_oneof![
        4 => (any::<Index>(), byte).prop_map(|(at, byte)| Damage::Set(at, byte)),
        1 => (any::<Index>(), 1..20usize).prop_map(|(at, length)| Damage::Remove(at, length)),
        1 => (any::<Index>(), vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (any::<Index>(), 1..60usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let place = |at: &Index, length: usize, bytes: &[u8]| {
            let from = if bytes.is_empty() { 0 } else { at.index(bytes.len()) };
            from..(from + length).min(bytes.len())
        };
        match damage {
            Damage::Set(at, byte) => {
                let at = place(at, 1, &bytes);
                bytes[at].fill(*byte);
            }
            Damage::Remove(at, length) => drop(bytes.drain(place(at, *length, &bytes))),
            Damage::Insert(at, more) => {
                let at = place(at, 0, &bytes).start;
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::Repeat(at, length) => {
                let again = bytes[place(at, *length, &bytes)].to_vec();
                bytes.extend(again);
            }
        }
    }
    bytes
}

#[test]
fn what_is_not_damaged_is_accepted() {
    assert!(super::inbound::policy(server(), None, Instant::now()).is_ok());
    assert!(endpoints::apply(&Endpoints::default(), update(), true).is_ok());
    assert_eq!(outbound_wire::policy(policy()).err(), None);
    assert!(endpoints::endpoint(profile().endpoint.unwrap()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_have_an_answer(bytes in vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn damaged_messages_admit_no_more_than_they_say(of in 0..5usize, damages in vec(damage(), 1..6)) {
        let right = match of {
            0 => server().encode_to_vec(),
            1 => update().encode_to_vec(),
            2 => policy().encode_to_vec(),
            3 => profile().encode_to_vec(),
            _ => confirmation().encode_to_vec(),
        };
        check(&damaged(right, &damages));
    }
}
