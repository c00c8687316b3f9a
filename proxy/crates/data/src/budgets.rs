//! What all workers together may have at once.

use std::sync::Arc;

use hauberk_core::budget::{Budget, Share};
use hauberk_core::fair::Fair;

use crate::config::Config;
use crate::http::held;

/// The places and bytes of the whole proxy.
#[derive(Clone, Debug)]
pub struct Budgets {
    /// Traffic to the program.
    pub inbound: Places,
    /// Traffic of the program.
    pub outbound: Places,
    /// What each client of the program may have of the inbound places.
    pub clients: Arc<Clients>,
    /// Bytes that make connections faster and requests safer: windows of HTTP/2, bodies that are kept for another try, large
    /// buffers for bytes that nobody reads.
    pub buffers: Budget,
    /// All bytes that are held on behalf of connections, with those.
    pub held: Budget,
}

/// The places of one side.
#[derive(Clone, Debug)]
pub struct Places {
    /// Connections that were accepted.
    pub connections: Budget,
    /// Requests from their head to the end of their response.
    pub requests: Budget,
}

/// The inbound places, of which no client gets all.
#[derive(Debug)]
pub struct Clients {
    /// By address, as nothing else is known of who connects.
    pub connections: Fair,
    /// By identity, or else by address.
    pub requests: Fair,
}

impl Clients {
    fn new(inbound: &Places) -> Self {
        Self { connections: Fair::new(inbound.connections.clone()), requests: Fair::new(inbound.requests.clone()) }
    }
}

impl Budgets {
    /// Nothing taken yet, as much as the settings give.
    pub fn new(config: &Config) -> Self {
        let places =
            |requests| Places { connections: Budget::new(config.limits.connections), requests: Budget::new(requests) };
        let held = Budget::new(config.limits.buffers);
        let inbound = places(config.inbound.http.in_flight_max);
        Self {
            clients: Arc::new(Clients::new(&inbound)),
            inbound,
            outbound: places(config.outbound.http.in_flight_max),
            buffers: held::spare(&held),
            held,
        }
    }

    /// The place of a request among `requests`, those of its side or client, if there is one, and room for what may have to
    /// wait of it.
    pub(crate) fn place(&self, requests: &Budget) -> Option<Share> {
        if held::is_spent(&self.held) { None } else { requests.try_take(1) }
    }
}
