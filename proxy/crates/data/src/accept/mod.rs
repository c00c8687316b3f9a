//! From a listener to the worker that serves a connection.
//!
//! One worker accepts for itself. Several share one acceptor, which knows how many connections each of them has: the
//! kernel would hand most of them to whoever wakes first.

mod acceptor;
mod seldom;
mod trouble;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use hauberk_core::budget::{Budget, Share};
use hauberk_metrics::counter::Counter;
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;

pub use acceptor::{Acceptor, Arrivals};
use seldom::Seldom;
use trouble::Trouble;

use crate::budgets::Budgets;
use crate::drain::Drain;

/// Whose connections a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those to the program.
    Inbound,
    /// Those of the program.
    Outbound,
}

/// What stands between a listener and the workers: so many connections of a side, and no more.
pub(crate) struct Gate {
    side: Side,
    places: Budget,
    crowded: Arc<Counter>,
}

impl Gate {
    /// The gate of a side, whichever worker it leads to.
    pub(crate) fn new(side: Side, budgets: &Budgets, metrics: &DataMetrics) -> Self {
        let (places, errors) = match side {
            Side::Inbound => (&budgets.inbound.connections, Family::InboundTcpErrors),
            Side::Outbound => (&budgets.outbound.connections, Family::OutboundTcpErrors),
        };
        let crowded = metrics.counter(errors, &LabelSet::new().with("error", "loadshed"));
        Self { side, places: places.clone(), crowded }
    }
}

/// A connection with its place among those that its side may have.
pub(crate) struct Accepted<S> {
    pub(crate) socket: S,
    pub(crate) peer: SocketAddr,
    pub(crate) place: Share,
}

/// Accepts until draining begins, and hands on what there is a place for; the rest is closed at once.
pub(crate) async fn accept_all<S, F>(gate: Gate, mut drain: Drain, accept: impl Fn() -> F, hand: impl Fn(Accepted<S>))
where
    F: Future<Output = io::Result<(S, SocketAddr)>>,
{
    let Gate { side, places, crowded } = gate;
    let (mut trouble, mut warning) = (Trouble::default(), Seldom::default());
    let mut draining = pin!(drain.begun());
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut draining => return,
            accepted = accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => match places.try_take(1) {
                Some(place) => hand(Accepted { socket, peer, place }),
                None => {
                    crowded.increment();
                    if let Some(unsaid) = warning.due(Instant::now()) {
                        let most = places.total();
                        tracing::warn!(?side, %peer, most, unsaid, "connections closed: the most that there may be are open");
                    }
                }
            },
            Err(error) => {
                let Some(pause) = trouble.met(side, &error, Instant::now()) else { continue };
                tokio::select! {
                    biased;
                    () = &mut draining => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
