//! Who may pass.

#![allow(clippy::unwrap_used, reason = "a fixture that does not parse fails the test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use hauberk_core::authorize::{Verdict, connection, request};
use hauberk_core::identity::{ClientTls, Id};
use hauberk_core::inbound::{Authentication, Authorization, Cidr, Network, Protocol, ServerPolicy};
use hauberk_core::meta::Meta;
use proptest::prelude::*;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 5));

fn cidr(text: &str) -> Cidr {
    let (addr, prefix) = text.split_once('/').unwrap();
    Cidr { addr: addr.parse().unwrap(), prefix: prefix.parse().unwrap() }
}

fn network(net: &str, except: &[&str]) -> Network {
    Network { net: cidr(net), except: except.iter().copied().map(cidr).collect() }
}

fn named(name: &str, networks: Vec<Network>, authentication: Authentication) -> Arc<Authorization> {
    Arc::new(Authorization { meta: Arc::new(Meta::Default(name.into())), networks, authentication })
}

fn anywhere(name: &str, authentication: Authentication) -> Arc<Authorization> {
    named(name, vec![network("0.0.0.0/0", &[]), network("::/0", &[])], authentication)
}

fn identities(names: &[&str], suffixes: &[&[&str]]) -> Authentication {
    let suffix = |labels: &&[&str]| labels.iter().copied().map(Arc::from).collect();
    Authentication::Tls {
        identities: names.iter().copied().map(Arc::from).collect(),
        suffixes: suffixes.iter().map(suffix).collect(),
    }
}

fn policy(authorizations: &[Arc<Authorization>]) -> ServerPolicy {
    ServerPolicy {
        meta: Arc::new(Meta::Default("test".into())),
        protocol: Protocol::Opaque,
        authorizations: authorizations.into(),
        rate_limits: None,
        version: None,
    }
}

fn id(name: &str) -> Id {
    if name.starts_with("spiffe://") { Id::Uri(name.into()) } else { Id::Dns(name.into()) }
}

fn client(name: &str, also: &[&str]) -> ClientTls {
    ClientTls::Identified { id: id(name), also: also.iter().copied().map(id).collect() }
}

/// The name of what allowed it.
fn by(verdict: Verdict) -> Option<String> {
    match verdict {
        Verdict::Allow(authorization) => Some(authorization.meta.name().to_owned()),
        Verdict::Deny => None,
    }
}

/// Whether this authentication alone lets the client through.
fn permits(authentication: Authentication, tls: &ClientTls) -> bool {
    by(connection(&policy(&[anywhere("a", authentication)]), CLIENT, tls)).is_some()
}

#[test]
fn each_kind_of_authentication_asks_for_more() {
    let everyone = [ClientTls::Plain, ClientTls::Anonymous, client("web.a.b", &[])];
    let let_in = |authentication: Authentication| everyone.each_ref().map(|tls| permits(authentication.clone(), tls));
    assert_eq!(let_in(Authentication::Unauthenticated), [true, true, true]);
    assert_eq!(let_in(Authentication::TlsUnauthenticated), [false, true, true]);
    assert_eq!(let_in(identities(&[], &[&[]])), [false, false, true]);
    assert_eq!(let_in(identities(&["web.a.b"], &[])), [false, false, true]);
    assert_eq!(let_in(identities(&[], &[])), [false, false, false]);
}

#[test]
fn any_name_of_a_client_will_do() {
    let both = client("web.a.b", &["spiffe://b/ns/a/sa/web"]);
    let spiffe = client("spiffe://b/ns/a/sa/web", &[]);
    for (authentication, by_both, by_spiffe) in [
        (identities(&["spiffe://b/ns/a/sa/web"], &[]), true, true),
        (identities(&["spiffe://b/ns/a/sa/WEB"], &[]), false, false),
        (identities(&["WEB.a.b"], &[]), true, false),
        (identities(&["eb.a.b"], &[]), false, false),
        (identities(&[], &[&["a", "b"]]), true, false),
        (identities(&[], &[&["b"]]), true, false),
        (identities(&[], &[&["web", "a", "b"]]), false, false),
        (identities(&[], &[&["b", "a"]]), false, false),
        (identities(&[], &[&[]]), true, false),
    ] {
        let seen = (permits(authentication.clone(), &both), permits(authentication.clone(), &spiffe));
        assert_eq!(seen, (by_both, by_spiffe), "{authentication:?}");
    }
    assert!(!permits(identities(&[], &[&["a", "b"]]), &client("weba.b", &[])), "labels, not characters");
    assert!(!permits(identities(&[], &[&["a", "b"]]), &client(".a.b", &[])));
}

#[test]
fn networks_have_exceptions() {
    let nets = vec![network("10.77.0.0/16", &["10.77.1.0/24", "10.77.0.9/32"]), network("fd00::/8", &["fd00:1::/32"])];
    let policy = policy(&[named("net", nets, Authentication::Unauthenticated)]);
    for (ip, expected) in [
        ("10.77.0.5", true),
        ("::ffff:10.77.0.5", true),
        ("10.77.1.5", false),
        ("10.77.0.9", false),
        ("10.78.0.5", false),
        ("fd00::1", true),
        ("fd00:1::1", false),
        ("fe80::1", false),
    ] {
        let verdict = connection(&policy, ip.parse().unwrap(), &ClientTls::Plain);
        assert_eq!(by(verdict).is_some(), expected, "{ip}");
    }
}

#[test]
fn the_route_speaks_first_and_the_port_after_it() {
    let port = policy(&[anywhere("port", Authentication::TlsUnauthenticated)]);
    let route = [anywhere("route", identities(&["web.a.b"], &[]))];
    let asked = |tls: &ClientTls| by(request(&port, &route, CLIENT, tls));
    assert_eq!(asked(&client("web.a.b", &[])).as_deref(), Some("route"));
    assert_eq!(asked(&client("api.a.b", &[])).as_deref(), Some("port"));
    assert_eq!(asked(&ClientTls::Plain), None);
    assert_eq!(by(connection(&port, CLIENT, &client("web.a.b", &[]))).as_deref(), Some("port"));
}

#[test]
fn the_workload_itself_may_always() {
    for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        let verdict = connection(&policy(&[]), ip.parse().unwrap(), &ClientTls::Plain);
        assert_eq!(by(verdict).as_deref(), Some("localhost"), "{ip}");
    }
    let everyone = [anywhere("route", Authentication::Unauthenticated)];
    let verdict = request(&policy(&everyone), &everyone, Ipv4Addr::LOCALHOST.into(), &ClientTls::Plain);
    assert_eq!(by(verdict).as_deref(), Some("route"));
    assert_eq!(connection(&policy(&[]), IpAddr::from([127, 0, 0, 2]), &ClientTls::Plain), Verdict::Deny);
}

fn ips() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn clients() -> impl Strategy<Value = ClientTls> {
    let names = prop::collection::vec("[ab]{1,2}(\\.[ab]{1,2}){0,3}", 1..3);
    let identified =
        names.prop_map(|names| client(&names[0], &names[1..].iter().map(String::as_str).collect::<Vec<_>>()));
    prop_oneof![Just(ClientTls::Plain), Just(ClientTls::Anonymous), identified]
}

proptest! {
    #[test]
    fn nothing_allows_nobody(ip in ips(), tls in clients()) {
        prop_assume!(!ip.to_canonical().is_loopback());
        prop_assert_eq!(connection(&policy(&[]), ip, &tls), Verdict::Deny);
        let nowhere = [named("nowhere", Vec::new(), Authentication::Unauthenticated)];
        prop_assert_eq!(request(&policy(&nowhere), &nowhere, ip, &tls), Verdict::Deny);
        let nobody = [anywhere("nobody", identities(&[], &[]))];
        prop_assert_eq!(request(&policy(&nobody), &nobody, ip, &tls), Verdict::Deny);
    }

    #[test]
    fn a_network_is_its_leading_bits(net in any::<[u8; 16]>(), ip in any::<[u8; 16]>(), same in 0u8..=128, prefix in 0u8..=130, v4 in any::<bool>()) {
        // The first `same` bits are equal, so that there is something to find.
        let (net, mut ip) = (u128::from_be_bytes(net), u128::from_be_bytes(ip));
        let mask = u128::MAX.checked_shr(u32::from(same)).unwrap_or(0);
        ip = (net & !mask) | (ip & mask);
        let (bits, addrs): (u8, [IpAddr; 2]) = match v4 {
            true => (32, [net, ip].map(|bits| Ipv4Addr::from_bits((bits >> 96) as u32).into())),
            false => (128, [net, ip].map(|bits| Ipv6Addr::from_bits(bits).into())),
        };
        prop_assume!(addrs.iter().all(|addr| addr.to_canonical() == *addr));
        let naive = prefix <= bits && (0..prefix).all(|bit| (net ^ ip) >> (127 - bit) & 1 == 0);
        prop_assert_eq!(Cidr { addr: addrs[0], prefix }.contains(addrs[1]), naive);
    }

    #[test]
    fn a_suffix_is_the_end_of_a_name(name in "[ab]{1,2}(\\.[ab]{1,2}){0,3}", suffix in prop::collection::vec("[ab]{1,2}", 1..4)) {
        let labels: Vec<&str> = suffix.iter().map(String::as_str).collect();
        let naive = name.ends_with(&format!(".{}", suffix.join(".")));
        prop_assert_eq!(permits(identities(&[], &[&labels]), &client(&name, &[])), naive);
    }
}
