//! From a listener to the worker that serves a connection.
//!
//! One worker accepts for itself. Several share one acceptor, which knows how many connections each of them has: the
//! kernel would hand most of them to whoever wakes first.

mod acceptor;
mod gate;
mod seldom;
mod trouble;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::pin::pin;
use std::time::Instant;

use futures_util::FutureExt;
use hauberk_core::budget::Share;
use hauberk_net::descriptors;

pub use acceptor::{Acceptor, Arrivals};
pub(crate) use gate::Gate;
use gate::Refused;
use trouble::Trouble;

/// Whose connections a listener takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those to the program.
    Inbound,
    /// Those of the program.
    Outbound,
}

/// A connection with its place among those that its side may have.
pub(crate) struct Accepted<S> {
    pub(crate) socket: S,
    pub(crate) peer: SocketAddr,
    pub(crate) place: Share,
}

/// Accepts until the listener `closes`, and hands on whom the gate lets in; the others are turned away at once.
pub(crate) async fn accept_all<S, F>(
    mut gate: Gate,
    closes: impl Future<Output = ()>,
    accept: impl Fn() -> F,
    hand: impl Fn(Accepted<S>),
) where
    S: AsFd,
    F: Future<Output = io::Result<(S, SocketAddr)>>,
{
    let mut trouble = Trouble::default();
    let mut closes = pin!(closes);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut closes => return,
            accepted = accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => match gate.admit(peer) {
                Ok(place) => hand(Accepted { socket, peer, place }),
                Err(why) => gate.refuse(socket, peer, why),
            },
            // Whoever waits is told now, by the descriptor that is given up for it, which is free again then.
            Err(error) if descriptors::are_out(&error) && gate.reserve.give_up() => {
                if let Some(Ok((socket, peer))) = accept().now_or_never() {
                    gate.refuse(socket, peer, Refused::Descriptors);
                }
                gate.reserve.is_whole();
            }
            Err(error) => {
                let Some(pause) = trouble.met(gate.side, &error, Instant::now()) else { continue };
                tokio::select! {
                    biased;
                    () = &mut closes => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
