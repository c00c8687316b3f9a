//! A budget that clients share, so that none of them can have all of it.

use std::net::{IpAddr, Ipv6Addr};

use crate::budget::{Budget, Room};
use crate::identity::{ClientTls, Id};
use crate::weak_map::WeakMap;

/// The part of an IPv6 address that names a network: a host chooses the rest as it likes (RFC 4291, 2.5.4).
const NETWORK: u128 = !(u64::MAX as u128);

/// One of those who share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// By the identity that it proved.
    Id(Id),
    /// By its IPv4 address, or its network of IPv6.
    Addr(IpAddr),
}

/// A budget with the parts of those who take of it now.
#[derive(Debug)]
pub struct Fair {
    all: Budget,
    parts: WeakMap<Client, Room>,
}

impl Client {
    /// Who is at `ip`, if nobody proved more.
    pub fn at(ip: IpAddr) -> Self {
        Self::Addr(match ip.to_canonical() {
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & NETWORK).into(),
            ip => ip,
        })
    }

    /// Who is at the other end of a connection.
    pub fn of(ip: IpAddr, tls: &ClientTls) -> Self {
        match tls {
            ClientTls::Identified { id, .. } => Self::Id(id.clone()),
            ClientTls::Plain | ClientTls::Anonymous => Self::at(ip),
        }
    }
}

impl Fair {
    /// Nobody has anything of `all` yet.
    pub fn new(all: Budget) -> Self {
        Self { all, parts: WeakMap::default() }
    }

    /// The part of `client`, see [`Budget::part`]. It is one and the same for as long as somebody has it, or a share of it.
    pub fn part(&self, client: Client) -> Budget {
        Budget::of(self.parts.get(client, || Room::part_of(&self.all)))
    }

    /// Clients that are remembered: those that have something, and as many again at most (but a few).
    pub fn remembered(&self) -> usize {
        self.parts.remembered()
    }
}
