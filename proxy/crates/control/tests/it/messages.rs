//! Messages that a control plane would send.

use hauberk_api::linkerd::destination::{AddrSet, NoEndpoints, Update, WeightedAddr, WeightedAddrSet, update};
use hauberk_api::linkerd::inbound::{self, Server};
use hauberk_api::linkerd::meta::{Metadata, metadata};
use hauberk_api::linkerd::net::{IpAddress, IpNetwork, TcpAddress, ip_address};
use hauberk_api::linkerd::outbound::{OutboundPolicy, proxy_protocol};
use hauberk_api::view::Version;

pub(crate) fn version(store: &str, revision: u64) -> Option<Version> {
    Some(Version { store: store.into(), revision })
}

pub(crate) fn addr(last: u8, port: u32) -> TcpAddress {
    let ip = Some(ip_address::Ip::Ipv4(u32::from_be_bytes([10, 77, 0, last])));
    TcpAddress { ip: Some(IpAddress { ip }), port }
}

pub(crate) fn endpoint(last: u8) -> WeightedAddr {
    WeightedAddr { addr: Some(addr(last, 8080)), weight: 10_000, ..Default::default() }
}

pub(crate) fn add(lasts: &[u8], revision: u64) -> Update {
    let set = WeightedAddrSet { addrs: lasts.iter().map(|last| endpoint(*last)).collect(), ..Default::default() };
    Update { update: Some(update::Update::Add(set)), version: version("s", revision), replaces: false }
}

pub(crate) fn remove(last: u8, revision: u64) -> Update {
    let set = AddrSet { addrs: vec![addr(last, 8080)] };
    Update { update: Some(update::Update::Remove(set)), version: version("s", revision), replaces: false }
}

pub(crate) fn no_endpoints(exists: bool, revision: u64) -> Update {
    let none = update::Update::NoEndpoints(NoEndpoints { exists });
    Update { update: Some(none), version: version("s", revision), replaces: true }
}

/// A port without a port.
pub(crate) fn nonsense() -> Update {
    let set =
        WeightedAddrSet { addrs: vec![WeightedAddr { addr: Some(addr(9, 0)), ..endpoint(9) }], ..Default::default() };
    Update { update: Some(update::Update::Add(set)), version: version("s", 9), replaces: false }
}

/// A policy that can be told from others by its name.
pub(crate) fn policy(name: &str, revision: u64) -> OutboundPolicy {
    let kind = proxy_protocol::Kind::Opaque(proxy_protocol::Opaque::default());
    OutboundPolicy {
        protocol: Some(hauberk_api::linkerd::outbound::ProxyProtocol { kind: Some(kind) }),
        metadata: Some(default(name)),
        version: version("s", revision),
    }
}

pub(crate) fn default(name: &str) -> Metadata {
    Metadata { kind: Some(metadata::Kind::Default(name.into())) }
}

/// A port of a Server that lets in whoever comes from 10.77.0.0/16.
pub(crate) fn server(name: &str, revision: u64) -> Server {
    let permit = inbound::authn::Permit::Unauthenticated(inbound::authn::PermitUnauthenticated {});
    let net = IpNetwork { ip: addr(0, 0).ip, prefix_len: 16 };
    let authz = inbound::Authz {
        networks: vec![inbound::Network { net: Some(net), except: Vec::new() }],
        authentication: Some(inbound::Authn { permit: Some(permit) }),
        metadata: Some(default(name)),
        ..Default::default()
    };
    let kind = inbound::proxy_protocol::Kind::Opaque(inbound::proxy_protocol::Opaque {});
    Server {
        protocol: Some(inbound::ProxyProtocol { kind: Some(kind) }),
        authorizations: vec![authz],
        labels: [("group", "policy.linkerd.io"), ("kind", "server"), ("name", name)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        version: version("s", revision),
        ..Default::default()
    }
}
