//! The syntax of values in the environment (Linkerd's contract): durations, flags, addresses, networks, lists.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hauberk_core::inbound::Cidr;
use hauberk_core::name::Suffixes;

/// A value, or what it should have been.
pub(crate) type Read<T> = Result<T, &'static str>;

/// Digits with a unit; `0` needs none.
pub(crate) fn duration(text: &str) -> Read<Duration> {
    hauberk_core::duration::parse(text).ok_or("a whole number with ms, s, m, h or d")
}

/// `true` or `false`.
pub(crate) fn flag(text: &str) -> Read<bool> {
    text.trim().parse().map_err(|_| "true or false")
}

/// A whole number.
pub(crate) fn number<N: std::str::FromStr>(text: &str) -> Read<N> {
    text.trim().parse().map_err(|_| "a whole number")
}

/// How many of what there must be one of.
pub(super) fn positive(text: &str) -> Read<usize> {
    number(text).ok().filter(|number| *number > 0).ok_or("a whole number above 0")
}

/// A whole number within bounds, both included.
pub(crate) fn between<N: std::str::FromStr + PartialOrd>(min: N, max: N) -> impl FnOnce(&str) -> Read<N> {
    move |text| {
        let number: N = number(text)?;
        if (min..=max).contains(&number) { Ok(number) } else { Err("within what the protocol and this proxy allow") }
    }
}

/// Anything.
pub(crate) fn text(text: &str) -> Read<String> {
    Ok(text.to_owned())
}

/// `IP:PORT`.
pub(crate) fn address(text: &str) -> Read<SocketAddr> {
    text.trim().parse().map_err(|_| "IP:PORT")
}

/// One or two addresses, with a comma between.
pub(crate) fn addresses(text: &str) -> Read<Vec<SocketAddr>> {
    let all = list(text).map(address).collect::<Read<Vec<_>>>()?;
    if all.is_empty() || all.len() > 2 { Err("one or two IP:PORT, with a comma between") } else { Ok(all) }
}

/// IP addresses, with commas between.
pub(crate) fn ips(text: &str) -> Read<Vec<IpAddr>> {
    list(text).map(|ip| ip.parse().map_err(|_| "IP addresses, with commas between")).collect()
}

/// Ports and ranges of ports, with commas between.
pub(crate) fn ports(text: &str) -> Read<Vec<u16>> {
    const WANTED: &str = "ports and ranges, such as 25,4000-4010";
    let mut ports = Vec::new();
    for part in list(text) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = first.parse::<u16>().map_err(|_| WANTED)?..=last.parse::<u16>().map_err(|_| WANTED)?;
        if range.is_empty() || *range.start() == 0 {
            return Err(WANTED);
        }
        ports.extend(range);
    }
    Ok(ports)
}

/// Suffixes of DNS names, with commas between; `.` is every name.
pub(crate) fn suffixes(text: &str) -> Read<Suffixes> {
    Suffixes::parse(text).ok_or("suffixes of DNS names, with commas between")
}

/// Networks in CIDR notation, with commas between; an address alone is a network of one.
pub(crate) fn networks(text: &str) -> Read<Vec<Cidr>> {
    list(text).map(network).collect()
}

fn network(text: &str) -> Read<Cidr> {
    const WANTED: &str = "networks in CIDR notation, with commas between";
    let (addr, prefix) = text.split_once('/').map_or((text, None), |(addr, prefix)| (addr, Some(prefix)));
    let addr: IpAddr = addr.parse().map_err(|_| WANTED)?;
    let max = if addr.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Ok(max), str::parse).map_err(|_| WANTED)?;
    if prefix > max { Err(WANTED) } else { Ok(Cidr { addr, prefix }) }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_may_be_ranges() {
        assert_eq!(ports("25, 4000-4002,"), Ok(vec![25, 4000, 4001, 4002]));
        for wrong in ["0", "70000", "5-4", "a"] {
            assert!(ports(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_have_a_prefix_that_fits() {
        let all = networks("10.0.0.0/8,fd00::/8,127.0.0.1").unwrap();
        assert_eq!(all.iter().map(|n| n.prefix).collect::<Vec<_>>(), [8, 8, 32]);
        assert!(networks("10.0.0.0/33").is_err());
    }
}
