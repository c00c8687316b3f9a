use hauberk_api::linkerd::destination::tls_identity::{DnsLikeIdentity, Strategy, UriLikeIdentity};
use hauberk_api::linkerd::destination::{AddrSet, AuthorityOverride, NoEndpoints, WeightedAddrSet};

use super::*;

fn addr(text: &str) -> WeightedAddr {
    WeightedAddr { addr: Some(net::tcp_address(text.parse().unwrap())), ..Default::default() }
}

fn update(of: update::Update) -> Update {
    Update { update: Some(of), ..Default::default() }
}

fn add(addrs: Vec<WeightedAddr>) -> Update {
    update(update::Update::Add(WeightedAddrSet { addrs, ..Default::default() }))
}

fn member(strategy: Option<Strategy>, server_name: Option<&str>) -> WeightedAddr {
    let server_name = server_name.map(|name| DnsLikeIdentity { name: name.into() });
    WeightedAddr { tls_identity: Some(TlsIdentity { strategy, server_name }), ..addr("10.0.0.1:80") }
}

fn dns(name: &str) -> Option<Strategy> {
    Some(Strategy::DnsLikeIdentity(DnsLikeIdentity { name: name.into() }))
}

fn uri(uri: &str) -> Option<Strategy> {
    Some(Strategy::UriLikeIdentity(UriLikeIdentity { uri: uri.into() }))
}

#[test]
fn identities_are_understood_or_refuse_the_endpoint() {
    let target = |of| endpoint(of).unwrap().tls.unwrap();
    let web = target(member(dns("Web.Mesh"), None));
    assert_eq!((web.id, &*web.server_name), (Id::Dns("web.mesh".into()), "web.mesh"));
    let vm = target(member(uri("spiffe://mesh/vm"), Some("vm.mesh")));
    assert_eq!((vm.id, &*vm.server_name), (Id::Uri("spiffe://mesh/vm".into()), "vm.mesh"));
    for wrong in [
        member(None, Some("web.mesh")),
        member(dns(""), None),
        member(dns("web mesh"), None),
        member(dns("10.0.0.1"), None),
        member(dns("web.mesh"), Some("")),
        member(uri("spiffe://mesh/vm"), None),
        member(uri("vm"), Some("vm.mesh")),
    ] {
        assert!(endpoint(wrong.clone()).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_an_endpoint_takes_is_bounded_and_checked() {
    let mut of = addr("[fd00::1]:8080");
    of.metric_labels = (0..100).map(|n| (format!("label_{n:03}"), "ü".repeat(1000))).collect();
    of.metric_labels.insert("not a label".into(), "x".into());
    of.protocol_hint = Some(HintMessage {
        protocol: Some(protocol_hint::Protocol::H2(protocol_hint::H2 {})),
        opaque_transport: Some(protocol_hint::OpaqueTransport { inbound_port: 4143 }),
    });
    let endpoint = endpoint(of.clone()).unwrap();
    assert_eq!((endpoint.hint, endpoint.transport_port), (ProtocolHint::Http2, Some(4143)));
    assert_eq!(endpoint.labels.len(), LABELS_MAX);
    assert!(endpoint.labels.iter().all(|(key, value)| key.starts_with("label_") && value.len() == VALUE_MAX - 1));
    of.authority_override = Some(AuthorityOverride { authority_override: "10.0.0.1:80".into() });
    assert!(super::endpoint(of).is_err());
    assert!(super::endpoint(WeightedAddr::default()).is_err());
}

#[test]
fn updates_change_a_set_and_the_first_of_a_stream_replaces_it() {
    let one = apply(&Endpoints::default(), add(vec![addr("10.0.0.1:80"), addr("10.0.0.2:80")]), true).unwrap();
    let gone = AddrSet { addrs: vec![net::tcp_address("10.0.0.1:80".parse().unwrap())] };
    let two = apply(&one, update(update::Update::Remove(gone)), false).unwrap();
    assert_eq!(two.by_addr.len(), 1);
    let again = apply(&one, add(vec![addr("10.0.0.2:80")]), true).unwrap();
    let key = "10.0.0.2:80".parse().unwrap();
    assert!(Arc::ptr_eq(&again.by_addr[&key], &one.by_addr[&key]), "an endpoint that is the same is not made anew");
    assert!(!differ(&again, &two));
    let none = update(update::Update::NoEndpoints(NoEndpoints { exists: true }));
    let empty = apply(&two, none, false).unwrap();
    assert!(empty.by_addr.is_empty() && empty.exists);
}

#[test]
fn an_update_with_one_wrong_endpoint_is_refused_whole() {
    let held = apply(&Endpoints::default(), add(vec![addr("10.0.0.1:80")]), true).unwrap();
    for wrong in [
        add(vec![addr("10.0.0.2:80"), WeightedAddr::default()]),
        add((0..=ENDPOINTS_MAX).map(|_| addr("10.0.0.2:80")).collect()),
        Update::default(),
        add(Vec::new()),
        update(update::Update::Remove(AddrSet::default())),
        Update { version: Some(hauberk_api::view::Version::default()), ..add(vec![addr("10.0.0.2:80")]) },
    ] {
        assert!(apply(&held, wrong, false).is_err());
    }
    let gone = AddrSet { addrs: vec![net::tcp_address("10.0.0.1:80".parse().unwrap())] };
    assert!(apply(&held, update(update::Update::Remove(gone)), true).is_err(), "a stream begins with what there is");
}
