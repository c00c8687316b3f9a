//! Whether a client may send a request.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use hauberk_core::authorize::{Verdict, request};
use hauberk_core::identity::{ClientTls, Id};
use hauberk_core::inbound::{Authentication, Authorization, Cidr, Network, Protocol, ServerPolicy};
use hauberk_core::meta::Meta;

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] = &[("authorize-identity", identity)];

const IDENTITIES: usize = 10;

/// The last one of a list of identities, after an authorization that is for others.
fn identity() -> Work {
    let name = |n: usize| format!("sa{n}.shop.serviceaccount.identity.hauberk.cluster.local").into();
    let (elsewhere, everywhere) = (Ipv4Addr::new(192, 0, 2, 0), Ipv4Addr::UNSPECIFIED);
    let authorizations = [
        authorization(elsewhere, 24, Authentication::Unauthenticated),
        authorization(
            everywhere,
            0,
            Authentication::Tls { identities: (0..IDENTITIES).map(name).collect(), suffixes: Vec::new() },
        ),
    ];
    let policy = ServerPolicy {
        meta: Arc::new(Meta::Default("server".into())),
        protocol: Protocol::Opaque,
        authorizations: authorizations.into(),
        rate_limits: None,
        version: None,
    };
    let client = ClientTls::Identified { id: Id::Dns(name(IDENTITIES - 1)), also: Arc::new([]) };
    let address = IpAddr::V4(Ipv4Addr::new(10, 77, 0, 12));
    Box::new(move || {
        let verdict = request(black_box(&policy), &[], black_box(address), black_box(&client));
        assert!(matches!(verdict, Verdict::Allow(_)));
    })
}

fn authorization(addr: Ipv4Addr, prefix: u8, authentication: Authentication) -> Arc<Authorization> {
    let networks = vec![Network { net: Cidr { addr: addr.into(), prefix }, except: Vec::new() }];
    Arc::new(Authorization { meta: Arc::new(Meta::Default("authorization".into())), networks, authentication })
}
