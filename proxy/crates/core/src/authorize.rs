//! Who may pass.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

use crate::identity::{ClientTls, Id};
use crate::inbound::{Authentication, Authorization, Cidr, Network, ServerPolicy};
use crate::meta::Meta;

/// The program may always talk to itself.
static LOCALHOST: LazyLock<Arc<Authorization>> = LazyLock::new(|| {
    let host = |addr, prefix| Network { net: Cidr { addr, prefix }, except: Vec::new() };
    Arc::new(Authorization {
        meta: Arc::new(Meta::Default("localhost".into())),
        networks: vec![host(Ipv4Addr::LOCALHOST.into(), 32), host(Ipv6Addr::LOCALHOST.into(), 128)],
        authentication: Authentication::Unauthenticated,
    })
});

/// The answer to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, because of this.
    Allow(Arc<Authorization>),
    /// Nothing lets it.
    Deny,
}

/// Whether a client may connect: by the port's own authorizations.
pub fn connection(policy: &ServerPolicy, ip: IpAddr, tls: &ClientTls) -> Verdict {
    request(policy, &[], ip, tls)
}

/// Whether a client may send a request: by the authorizations of its `route`, then by the port's.
pub fn request(policy: &ServerPolicy, route: &[Arc<Authorization>], ip: IpAddr, tls: &ClientTls) -> Verdict {
    let localhost = std::slice::from_ref(&*LOCALHOST);
    let mut all = route.iter().chain(localhost).chain(policy.authorizations.iter());
    match all.find(|authorization| authorization.permits(ip, tls)) {
        Some(authorization) => Verdict::Allow(authorization.clone()),
        None => Verdict::Deny,
    }
}

impl Authorization {
    /// Whether this alone lets the client through.
    fn permits(&self, ip: IpAddr, tls: &ClientTls) -> bool {
        self.networks.iter().any(|network| network.contains(ip)) && self.authentication.holds(tls)
    }
}

impl Network {
    /// Whether an address is in the network and in no exception. An IPv4 address within IPv6 counts as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.net.contains(ip) && !self.except.iter().any(|except| except.contains(ip))
    }
}

impl Cidr {
    /// Whether an address has the network's leading bits. A prefix that is too long contains nothing.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.addr, ip.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let differing = net.to_bits() ^ ip.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let differing = net.to_bits() ^ ip.to_bits();
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

impl Authentication {
    fn holds(&self, tls: &ClientTls) -> bool {
        match (self, tls) {
            (Authentication::Unauthenticated, _) => true,
            (_, ClientTls::Plain) => false,
            (Authentication::TlsUnauthenticated, _) => true,
            (Authentication::Tls { .. }, ClientTls::Anonymous) => false,
            (Authentication::Tls { identities, suffixes }, ClientTls::Identified { id, also }) => {
                std::iter::once(id).chain(also.iter()).any(|id| {
                    identities.iter().any(|name| is_name(id, name))
                        || suffixes.iter().any(|suffix| ends_with(id, suffix))
                })
            }
        }
    }
}

/// DNS names compare without case, SPIFFE IDs byte for byte.
fn is_name(id: &Id, name: &str) -> bool {
    match id {
        Id::Dns(dns) => dns.eq_ignore_ascii_case(name),
        Id::Uri(uri) => **uri == *name,
    }
}

/// Suffixes are of DNS names only; at least one label must stand before a suffix. No labels at all is every DNS name.
fn ends_with(id: &Id, suffix: &[Arc<str>]) -> bool {
    let Id::Dns(name) = id else { return false };
    let mut labels = name.rsplit('.');
    let all = suffix.iter().rev().all(|label| labels.next().is_some_and(|l| l.eq_ignore_ascii_case(label)));
    all && labels.next().is_some_and(|label| !label.is_empty())
}
