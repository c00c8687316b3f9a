use std::time::Instant;

use hauberk_api::linkerd::inbound::{Identity, ProxyProtocol, Server, proxy_protocol};
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use message::r#override::ClientIdentities;
use prost_types::Duration;

use super::*;
use crate::wire::inbound;

fn limit(requests_per_second: u32) -> Option<Limit> {
    Some(Limit { requests_per_second })
}

fn some(requests_per_second: u32, clients: &[&str]) -> message::Override {
    let identities = clients.iter().map(|name| Identity { name: (*name).into() }).collect();
    message::Override { limit: limit(requests_per_second), clients: Some(ClientIdentities { identities }) }
}

fn of(total: u32, overrides: Vec<message::Override>) -> HttpLocalRateLimit {
    HttpLocalRateLimit { metadata: None, total: limit(total), identity: limit(3), overrides }
}

#[test]
fn a_limit_says_how_many_of_whom() {
    let read = rates(Some(of(10, vec![some(5, &["Web.Mesh", "spiffe://Mesh/x"])]))).unwrap().unwrap();
    assert_eq!((read.total, read.identity), (NonZeroU32::new(10), NonZeroU32::new(3)));
    let [only] = &*read.overrides else { panic!("one override") };
    assert_eq!(only.rate.get(), 5);
    assert_eq!(only.clients.iter().map(|name| &**name).collect::<Vec<_>>(), ["web.mesh", "spiffe://Mesh/x"]);
}

#[test]
fn nothing_and_zero_are_no_limit() {
    assert_eq!(rates(None), Ok(None));
    let read = rates(Some(HttpLocalRateLimit { total: limit(0), ..Default::default() })).unwrap().unwrap();
    assert_eq!((read.total, read.identity, read.overrides), (None, None, Vec::new()));
}

#[test]
fn an_override_that_would_lift_a_limit_by_mistake_is_refused() {
    for (what, wrong) in [
        ("no rate", some(0, &["a"])),
        ("nobody", some(1, &[])),
        ("nobody at all", message::Override { clients: None, ..some(1, &[]) }),
        ("no name", some(1, &[""])),
    ] {
        assert!(rates(Some(of(10, vec![wrong]))).is_err(), "{what}");
    }
    assert!(rates(Some(of(10, vec![some(1, &["a"]); OVERRIDES_MAX + 1]))).is_err());
}

#[test]
fn the_limit_of_each_protocol_is_read_and_goes_on_when_the_policy_changes() {
    let server = |kind, name: &str| Server {
        protocol: Some(ProxyProtocol { kind: Some(kind) }),
        labels: [("kind", "default"), ("name", name)].map(|(key, value)| (key.into(), value.into())).into(),
        ..Default::default()
    };
    let (limited, timeout) = (Some(of(1, Vec::new())), Some(Duration { seconds: 1, nanos: 0 }));
    let http1 = proxy_protocol::Http1 { local_rate_limit: limited.clone(), ..Default::default() };
    let http2 = proxy_protocol::Http2 { local_rate_limit: limited.clone(), ..Default::default() };
    let detect = proxy_protocol::Detect { timeout, http_local_rate_limit: limited, http_routes: Vec::new() };
    let now = Instant::now();
    let mut held: Option<ServerPolicy> = None;
    for (kind, passes) in [
        (proxy_protocol::Kind::Http1(http1), true),
        (proxy_protocol::Kind::Http2(http2), false),
        (proxy_protocol::Kind::Detect(detect), false),
    ] {
        let limits = held.as_ref().and_then(|policy| policy.rate_limits.as_deref());
        let policy = inbound::policy(server(kind, "some"), limits, now).unwrap();
        assert_eq!(policy.rate_limits.as_ref().unwrap().admit(&ClientTls::Plain, now).is_ok(), passes);
        held = Some(policy);
    }
    let opaque = proxy_protocol::Kind::Opaque(proxy_protocol::Opaque {});
    assert!(inbound::policy(server(opaque, "some"), None, now).unwrap().rate_limits.is_none());
}
