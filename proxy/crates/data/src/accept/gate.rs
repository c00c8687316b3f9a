//! Who of those that connect is let in.

use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use hauberk_core::budget::{Budget, Share};
use hauberk_core::fair::Client;
use hauberk_metrics::counter::Counter;
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;
use hauberk_net::descriptors::{RESERVE, Reserve};
use hauberk_net::listen;

use super::Side;
use super::seldom::Seldom;
use crate::budgets::{Budgets, Clients};

/// What stands between a listener and the workers: so many connections of a side, of each client, and no more than the
/// process has descriptors for.
pub(crate) struct Gate {
    pub(super) side: Side,
    places: Budget,
    /// Those who share the places. The program has its side to itself.
    clients: Option<Arc<Clients>>,
    pub(super) reserve: &'static Reserve,
    crowded: Refusals,
    short: Refusals,
}

/// Connections that were turned away for one reason.
struct Refusals {
    counter: Arc<Counter>,
    warning: Seldom,
}

/// Why a connection is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no place for it.
    Crowded,
    /// There would be no descriptor for the connection to its destination.
    Descriptors,
}

impl Gate {
    /// The gate of a side, whichever worker it leads to.
    pub(crate) fn new(side: Side, budgets: &Budgets, metrics: &DataMetrics) -> Self {
        let (places, errors) = match side {
            Side::Inbound => (&budgets.inbound.connections, Family::InboundTcpErrors),
            Side::Outbound => (&budgets.outbound.connections, Family::OutboundTcpErrors),
        };
        let refusals = |error| Refusals {
            counter: metrics.counter(errors, &LabelSet::new().with("error", error)),
            warning: Seldom::default(),
        };
        Self {
            side,
            places: places.clone(),
            clients: (side == Side::Inbound).then(|| budgets.clients.clone()),
            reserve: &RESERVE,
            crowded: refusals("loadshed"),
            short: refusals("out of descriptors"),
        }
    }

    /// A place for a connection that was accepted.
    pub(super) fn admit(&self, peer: SocketAddr) -> Result<Share, Refused> {
        if !self.reserve.is_whole() {
            return Err(Refused::Descriptors);
        }
        let place = match &self.clients {
            Some(clients) => clients.connections.part(Client::at(peer.ip())).try_take(1),
            None => self.places.try_take(1),
        };
        place.ok_or(Refused::Crowded)
    }

    /// Turns a connection away, so that its client knows at once.
    pub(super) fn refuse<S: AsFd>(&mut self, socket: S, peer: SocketAddr, why: Refused) {
        listen::reset(socket);
        let refusals = match why {
            Refused::Crowded => &mut self.crowded,
            Refused::Descriptors => &mut self.short,
        };
        refusals.counter.increment();
        let Some(unsaid) = refusals.warning.due(Instant::now()) else { return };
        let (side, open, most) = (self.side, self.places.taken(), self.places.total());
        match why {
            Refused::Crowded => {
                tracing::warn!(?side, %peer, open, most, unsaid, "connections reset: no place is left, or as few as the client has");
            }
            Refused::Descriptors => {
                tracing::warn!(?side, %peer, open, unsaid, "connections reset: files are short; raise the limit of open files");
            }
        }
    }
}
