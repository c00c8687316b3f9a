use std::collections::HashMap;

use hauberk_api::linkerd::http_route::{HttpRouteMatch, PathMatch, path_match};
use hauberk_api::linkerd::inbound::authn::permit_mesh_tls::PermitClientIdentities;
use hauberk_api::linkerd::inbound::authn::{PermitMeshTls, PermitUnauthenticated};
use hauberk_api::linkerd::inbound::http_route as http_message;
use hauberk_api::linkerd::meta::{Metadata, Resource, metadata};
use hauberk_api::linkerd::net::{IpAddress, IpNetwork, ip_address};
use hauberk_core::meta::Meta;
use hauberk_core::route::PathMatch as Path;

use super::*;

fn policy(of: message::Server) -> Read<ServerPolicy> {
    super::policy(of, None, Instant::now())
}

fn network(prefix_len: u32) -> message::Network {
    let ip = Some(IpAddress { ip: Some(ip_address::Ip::Ipv4(0x0A00_0000)) });
    message::Network { net: Some(IpNetwork { ip, prefix_len }), except: Vec::new() }
}

fn resource(kind: &str, name: &str) -> Option<Metadata> {
    let resource =
        Resource { group: "policy.linkerd.io".into(), kind: kind.into(), name: name.into(), ..Default::default() };
    Some(Metadata { kind: Some(metadata::Kind::Resource(resource)) })
}

fn authz(permit: Permit) -> message::Authz {
    message::Authz {
        networks: vec![network(8)],
        authentication: Some(message::Authn { permit: Some(permit) }),
        metadata: resource("authorizationpolicy", "web-only"),
        ..Default::default()
    }
}

fn members() -> Permit {
    let of = PermitClientIdentities {
        identities: vec![
            message::Identity { name: "Web.Mesh".into() },
            message::Identity { name: "spiffe://Mesh/ns/a/sa/b".into() },
        ],
        suffixes: vec![message::IdentitySuffix { parts: vec!["a".into(), "Mesh".into()] }],
    };
    Permit::MeshTls(PermitMeshTls { clients: Some(Clients::Identities(of)) })
}

fn server(kind: proxy_protocol::Kind) -> message::Server {
    message::Server {
        protocol: Some(message::ProxyProtocol { kind: Some(kind) }),
        authorizations: vec![authz(members())],
        labels: HashMap::from([("kind".into(), "default".into()), ("name".into(), "deny".into())]),
        ..Default::default()
    }
}

fn opaque() -> message::Server {
    server(proxy_protocol::Kind::Opaque(proxy_protocol::Opaque {}))
}

#[test]
fn a_policy_says_who_may_pass() {
    let policy = policy(opaque()).unwrap();
    assert_eq!(*policy.meta, Meta::Default("deny".into()));
    let [authorization] = &*policy.authorizations else { panic!("one authorization") };
    assert_eq!((authorization.meta.kind(), authorization.meta.name()), ("authorizationpolicy", "web-only"));
    let Authentication::Tls { identities, suffixes } = &authorization.authentication else { panic!("by TLS") };
    assert_eq!(identities.iter().map(|id| &**id).collect::<Vec<_>>(), ["web.mesh", "spiffe://Mesh/ns/a/sa/b"]);
    assert_eq!(suffixes[0].iter().map(|part| &**part).collect::<Vec<_>>(), ["a", "mesh"]);
}

#[test]
fn rules_of_a_route_share_its_authorizations() {
    let path = Some(PathMatch { kind: Some(path_match::Kind::Prefix("/a".into())) });
    let rule =
        |path| http_message::Rule { matches: vec![HttpRouteMatch { path, ..Default::default() }], filters: Vec::new() };
    let route = message::HttpRoute {
        metadata: resource("HTTPRoute", "reads"),
        authorizations: vec![authz(Permit::Unauthenticated(PermitUnauthenticated {}))],
        rules: vec![rule(path), rule(None)],
        ..Default::default()
    };
    let http1 = |routes| server(proxy_protocol::Kind::Http1(proxy_protocol::Http1 { routes, local_rate_limit: None }));
    let Protocol::Http1(routes) = policy(http1(vec![route.clone()])).unwrap().protocol else { panic!("HTTP/1") };
    let [first, second] = &*routes[0].rules else { panic!("two rules") };
    assert!(Arc::ptr_eq(&first.then.authorizations, &second.then.authorizations));
    assert_eq!(first.then.authorizations[0].authentication, Authentication::Unauthenticated);
    assert!(matches!(&first.matches[0].path, Some(Path::Prefix(prefix)) if &**prefix == "/a"));
    assert!(policy(http1(vec![message::HttpRoute { metadata: None, ..route }])).is_err());
}

#[test]
fn what_would_open_a_port_by_mistake_is_refused() {
    let with = |change: &dyn Fn(&mut message::Server)| {
        let mut server = opaque();
        change(&mut server);
        server
    };
    let tls_of_nobody = Permit::MeshTls(PermitMeshTls { clients: None });
    for (what, wrong) in [
        ("no protocol", with(&|s| s.protocol = None)),
        ("no kind of protocol", with(&|s| s.protocol = Some(message::ProxyProtocol { kind: None }))),
        ("no detection timeout", server(proxy_protocol::Kind::Detect(proxy_protocol::Detect::default()))),
        ("no name", with(&|s| drop(s.labels.remove("name")))),
        ("no network", with(&|s| s.authorizations[0].networks.clear())),
        ("no such network", with(&|s| s.authorizations[0].networks[0] = network(33))),
        ("no authentication", with(&|s| s.authorizations[0].authentication = None)),
        ("no permit", with(&|s| s.authorizations[0].authentication = Some(message::Authn { permit: None }))),
        ("no clients", with(&|s| s.authorizations[0] = authz(tls_of_nobody.clone()))),
        ("no metadata", with(&|s| s.authorizations[0].metadata = None)),
        ("too many", with(&|s| s.authorizations = vec![authz(members()); AUTHORIZATIONS_MAX + 1])),
    ] {
        assert!(policy(wrong).is_err(), "{what}");
    }
}
