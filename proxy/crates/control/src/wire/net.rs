//! Addresses, networks and names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hauberk_api::linkerd::net::{IpAddress, IpNetwork, TcpAddress, ip_address};
use hauberk_core::inbound::Cidr;

use crate::wire::{Nonsense, Read, required};

/// Longest DNS name (RFC 1035 section 2.3.4).
const NAME_MAX: usize = 253;

/// An address.
pub(super) fn ip(of: Option<IpAddress>) -> Read<IpAddr> {
    Ok(match required(of.and_then(|ip| ip.ip), "an IP address")? {
        ip_address::Ip::Ipv4(number) => Ipv4Addr::from(number).into(),
        ip_address::Ip::Ipv6(halves) => {
            Ipv6Addr::from(u128::from(halves.first) << 64 | u128::from(halves.last)).to_canonical()
        }
    })
}

/// A port from 1 to 65535.
pub(super) fn port(of: u32) -> Read<u16> {
    match u16::try_from(of) {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(Nonsense::new(format_args!("{of} is not a port"))),
    }
}

/// An address with its port.
pub(crate) fn socket(of: Option<TcpAddress>) -> Read<SocketAddr> {
    let address = required(of, "an address")?;
    Ok(SocketAddr::new(ip(address.ip)?, port(address.port)?))
}

/// The message for an address.
pub(crate) fn tcp_address(of: SocketAddr) -> TcpAddress {
    let ip = match of.ip() {
        IpAddr::V4(ip) => ip_address::Ip::Ipv4(ip.to_bits()),
        IpAddr::V6(ip) => {
            let (first, last) = ((ip.to_bits() >> 64) as u64, ip.to_bits() as u64);
            ip_address::Ip::Ipv6(hauberk_api::linkerd::net::IPv6 { first, last })
        }
    };
    TcpAddress { ip: Some(IpAddress { ip: Some(ip) }), port: of.port().into() }
}

/// A network.
pub(super) fn network(of: Option<IpNetwork>) -> Read<Cidr> {
    let network = required(of, "a network")?;
    // A mapped network would lose 96 bits of its prefix with its form.
    let addr = match network.ip.as_ref().and_then(|ip| ip.ip.as_ref()) {
        Some(ip_address::Ip::Ipv6(halves)) => {
            IpAddr::V6(Ipv6Addr::from(u128::from(halves.first) << 64 | u128::from(halves.last)))
        }
        _ => ip(network.ip)?,
    };
    let max = if addr.is_ipv4() { 32 } else { 128 };
    match u8::try_from(network.prefix_len) {
        Ok(prefix) if prefix <= max => Ok(Cidr { addr, prefix }),
        _ => Err(Nonsense::new(format_args!("{addr}/{} is not a network", network.prefix_len))),
    }
}

/// A DNS name in lower case, without a trailing dot; none if it is not one. Underscores occur in real names.
pub(crate) fn dns_name(text: &str) -> Option<Arc<str>> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let numeric = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
    let valid = name.len() <= NAME_MAX && name.split('.').all(label) && !numeric;
    valid.then(|| name.to_ascii_lowercase().into())
}

/// `name:port` with a DNS name, as a key of discovery.
pub(super) fn name_and_port(text: &str) -> Option<(Arc<str>, u16)> {
    let (name, number) = text.rsplit_once(':')?;
    Some((dns_name(name)?, port(number.parse().ok()?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_travel_both_ways() {
        for text in ["10.0.0.1:80", "[fd00::1:2]:65535"] {
            let address: SocketAddr = text.parse().unwrap();
            assert_eq!(socket(Some(tcp_address(address))), Ok(address));
        }
        assert!(socket(Some(TcpAddress { ip: Some(IpAddress { ip: None }), port: 80 })).is_err());
        assert!(port(0).is_err() && port(65_536).is_err());
    }

    #[test]
    fn names_are_not_addresses() {
        assert_eq!(dns_name("Web.Default.").as_deref(), Some("web.default"));
        for wrong in ["", ".", "a..b", "10.0.0.1", "a b", "a/b", &"a".repeat(64)] {
            assert_eq!(dns_name(wrong), None, "{wrong}");
        }
        assert!(name_and_port("10.0.0.1:80").is_none() && name_and_port("web.default").is_none());
    }
}
