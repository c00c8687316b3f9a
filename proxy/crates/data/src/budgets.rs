//! What all workers together may have at once.

use hauberk_core::budget::Budget;

use crate::config::Config;

/// The places and bytes of the whole proxy.
#[derive(Clone, Debug)]
pub struct Budgets {
    /// Traffic to the program.
    pub inbound: Places,
    /// Traffic of the program.
    pub outbound: Places,
    /// Bytes that are held on behalf of connections.
    pub buffers: Budget,
}

/// The places of one side.
#[derive(Clone, Debug)]
pub struct Places {
    /// Connections that were accepted.
    pub connections: Budget,
    /// Requests from their head to the end of their response.
    pub requests: Budget,
}

impl Budgets {
    /// Nothing taken yet, as much as the settings give.
    pub fn new(config: &Config) -> Self {
        let places =
            |requests| Places { connections: Budget::new(config.limits.connections), requests: Budget::new(requests) };
        Self {
            inbound: places(config.inbound.http.in_flight_max),
            outbound: places(config.outbound.http.in_flight_max),
            buffers: Budget::new(config.limits.buffers),
        }
    }
}
