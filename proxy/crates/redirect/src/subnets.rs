//! Sets of networks.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Networks in one set; see the bound of ports.
const SUBNETS_MAX: usize = 100;

/// Networks, none of which is a part of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subnets(Vec<Subnet>);

/// An address and how many leading bits of it count; the others are 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no set of networks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubnetsError {
    /// Not a network.
    #[error("{0:?} is no network such as 10.0.0.0/8 or fd00::/8")]
    Part(String),
    /// More than the rules can hold.
    #[error("more than {SUBNETS_MAX} networks; join them to larger ones")]
    Many,
}

impl Subnets {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Subnet> + '_ {
        self.0.iter().copied()
    }
}

impl FromStr for Subnets {
    type Err = SubnetsError;

    /// Networks in CIDR notation with commas between them; an address alone is a network of one.
    fn from_str(text: &str) -> Result<Self, SubnetsError> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut all: Vec<Subnet> = parts.map(str::parse).collect::<Result<_, _>>()?;
        // Whatever contains another begins where it does or before, and comes before it.
        all.sort_unstable();
        let mut apart: Vec<Subnet> = Vec::new();
        for subnet in all {
            if !apart.last().is_some_and(|last| last.contains(subnet)) {
                apart.push(subnet);
            }
        }
        if apart.len() > SUBNETS_MAX { Err(SubnetsError::Many) } else { Ok(Self(apart)) }
    }
}

impl Subnet {
    /// `bits` leading bits of `address`; `None` where it has not as many.
    pub(crate) fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let masked = match address {
            IpAddr::V4(ip) => IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() & leading(prefix, 32)? as u32)),
            IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & leading(prefix, 128)?)),
        };
        Some(Self { address: masked, prefix })
    }

    /// One address.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    pub(crate) fn is_ipv4(self) -> bool {
        self.address.is_ipv4()
    }

    /// Whether it is all of its family.
    pub(crate) fn is_everything(self) -> bool {
        self.prefix == 0
    }

    /// The address, and the bits of it that count.
    pub(crate) fn bytes(self) -> (Vec<u8>, Vec<u8>) {
        match self.address {
            IpAddr::V4(ip) => (ip.octets().to_vec(), (mask(self.prefix, 32) as u32).to_be_bytes().to_vec()),
            IpAddr::V6(ip) => (ip.octets().to_vec(), mask(self.prefix, 128).to_be_bytes().to_vec()),
        }
    }

    fn contains(self, other: Self) -> bool {
        self.prefix <= other.prefix
            && Self::new(other.address, self.prefix) == Some(self)
            && self.is_ipv4() == other.is_ipv4()
    }
}

impl FromStr for Subnet {
    type Err = SubnetsError;

    fn from_str(text: &str) -> Result<Self, SubnetsError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let read = || {
            let address: IpAddr = address.parse().ok()?;
            let whole = if address.is_ipv4() { 32 } else { 128 };
            Self::new(address, prefix.map_or(Some(whole), |prefix| prefix.parse().ok())?)
        };
        read().ok_or_else(|| SubnetsError::Part(text.to_owned()))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A mask of as many leading bits of `width`; `None` if there are not as many.
fn leading(prefix: u8, width: u8) -> Option<u128> {
    (prefix <= width).then(|| mask(prefix, width))
}

fn mask(prefix: u8, width: u8) -> u128 {
    let all = u128::MAX >> (128 - u32::from(width));
    all ^ all.checked_shr(u32::from(prefix)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<String> {
        text.parse::<Subnets>().unwrap().iter().map(|subnet| subnet.to_string()).collect()
    }

    #[test]
    fn networks_of_both_families_lose_the_bits_that_do_not_count() {
        assert_eq!(
            parsed("10.1.2.3/8, fd00:1::2/8,192.0.2.7,::1"),
            ["10.0.0.0/8", "192.0.2.7/32", "::1/128", "fd00::/8"]
        );
        assert_eq!(parsed(""), Vec::<String>::new());
    }

    #[test]
    fn what_another_one_contains_is_left_out() {
        assert_eq!(parsed("10.0.0.0/16,10.0.0.0/8,10.255.0.0/16,11.0.0.0/8"), ["10.0.0.0/8", "11.0.0.0/8"]);
        assert_eq!(parsed("0.0.0.0/0,10.0.0.0/8,::/0,fd00::/8"), ["0.0.0.0/0", "::/0"]);
    }

    #[test]
    fn bits_that_count_are_as_many_as_was_said() {
        let (address, bits) = "10.16.0.0/12".parse::<Subnet>().unwrap().bytes();
        assert_eq!((address, bits), (vec![10, 16, 0, 0], vec![255, 240, 0, 0]));
        assert_eq!("::1".parse::<Subnet>().unwrap().bytes().1, [255; 16]);
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["10.0.0.0/33", "::/129", "10.0.0/8", "a", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(wrong.parse::<Subnets>(), Err(SubnetsError::Part(wrong.to_owned())));
        }
    }
}
