//! A budget that clients share, so that none of them can have all of it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use crate::budget::{Budget, Known};
use crate::identity::{ClientTls, Id};

/// Clients that are remembered without a look at who is gone.
const SWEEP_MIN: usize = 64;
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
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    parts: HashMap<Client, Known>,
    /// So many are looked through for those that are gone.
    sweep_at: usize,
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
        Self { all, state: Mutex::new(State { parts: HashMap::new(), sweep_at: SWEEP_MIN }) }
    }

    /// The part of `client`, see [`Budget::part`]. It is one and the same for as long as somebody has it, or a share of it.
    pub fn part(&self, client: Client) -> Budget {
        // Nothing that is done under this lock panics half-way.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = state.parts.get(&client).and_then(Known::upgrade) {
            return part;
        }
        let part = self.all.part();
        state.sweep();
        state.parts.insert(client, part.downgrade());
        part
    }

    /// Clients that are remembered: those that have something, and as many again at most (but a few).
    pub fn remembered(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).parts.len()
    }
}

impl State {
    fn sweep(&mut self) {
        if self.parts.len() >= self.sweep_at {
            self.parts.retain(|_, part| part.is_in_use());
            self.sweep_at = SWEEP_MIN.max(2 * self.parts.len());
            self.parts.shrink_to(self.sweep_at);
        }
    }
}
