//! Rate limits of a port.

use std::num::NonZeroU32;

use hauberk_api::linkerd::inbound::HttpLocalRateLimit;
use hauberk_api::linkerd::inbound::http_local_rate_limit::{self as message, Limit};
use hauberk_core::rate::{Override, Rates};

use crate::wire::inbound::{IDENTITIES_MAX, identity_name};
use crate::wire::{Nonsense, Read, each, meta, required};

/// Overrides of one limit.
const OVERRIDES_MAX: usize = 1000;

/// What a policy says of rates; `None`: nothing.
pub(super) fn rates(of: Option<HttpLocalRateLimit>) -> Read<Option<Rates>> {
    let Some(of) = of else { return Ok(None) };
    Ok(Some(Rates {
        meta: of.metadata.map(|metadata| meta::meta(Some(metadata))).transpose()?,
        total: of.total.and_then(rate),
        identity: of.identity.and_then(rate),
        overrides: each(of.overrides, OVERRIDES_MAX, "overrides of a rate limit", of_clients)?,
    }))
}

/// 0 stands for no limit, as in Linkerd's proxy.
fn rate(of: Limit) -> Option<NonZeroU32> {
    NonZeroU32::new(of.requests_per_second)
}

/// An override that would lift the limit of each identity, or concern nobody, is somebody's mistake.
fn of_clients(of: message::Override) -> Read<Override> {
    let rate = required(of.limit.and_then(rate), "the rate of an override")?;
    let clients = required(of.clients, "the clients of an override")?;
    let clients = each(clients.identities, IDENTITIES_MAX, "clients of an override", |id| identity_name(id.name))?;
    if clients.is_empty() {
        return Err(Nonsense::new("an override of a rate limit names no client"));
    }
    Ok(Override { rate, clients })
}

#[cfg(test)]
#[path = "rates_tests.rs"]
mod tests;
