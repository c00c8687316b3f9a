//! Addresses that nobody has (RFC 5737, RFC 3849), by which is seen whether a network's connections are redirected.
//!
//! Whoever connects there comes to the proxy, the proxy's own user included. Where the rules are missing, what leaves bothers
//! nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const PORT: u16 = 20001;

/// One of each family.
pub const PROBES: [SocketAddr; 2] = [
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), PORT),
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), PORT),
];

/// Whether a proxy that connected there would reach itself.
#[must_use]
pub fn is_probe(addr: SocketAddr) -> bool {
    PROBES.contains(&addr)
}
