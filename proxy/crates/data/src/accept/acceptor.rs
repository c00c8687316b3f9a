//! One acceptor for several workers.

use std::cell::Cell;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hauberk_net::accept::Listener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Accepted, Gate, Side, accept_all};
use crate::drain::Drain;
use crate::worker::Shared;

/// Accepts for all workers, and hands each connection to the one that has the fewest.
pub struct Acceptor {
    workers: Vec<Desk>,
    /// Where to begin to look: among equals everybody gets a turn.
    turn: Cell<usize>,
}

/// Where one worker's connections come in. Ends when the acceptor is gone.
pub struct Arrivals(UnboundedReceiver<Arrival>);

/// The acceptor's end of it. The queue needs no bound of its own: what is in it has a place.
struct Desk {
    open: Arc<AtomicUsize>,
    queue: UnboundedSender<Arrival>,
}

/// A connection that was handed over.
pub(crate) struct Arrival {
    pub(crate) side: Side,
    pub(crate) accepted: Accepted<TcpStream>,
    pub(crate) seat: Seat,
}

/// One of a worker's connections, until it is dropped.
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Acceptor {
    /// An acceptor, and what each of so many workers gets.
    pub fn new(workers: usize) -> (Self, Vec<Arrivals>) {
        let (workers, arrivals) = (0..workers)
            .map(|_| {
                let (queue, arrivals) = unbounded_channel();
                (Desk { open: Arc::default(), queue }, Arrivals(arrivals))
            })
            .unzip();
        (Self { workers, turn: Cell::new(0) }, arrivals)
    }

    /// Accepts on a listener, which must not block, until its side is drained.
    pub async fn serve(&self, shared: &Shared, drain: Drain, side: Side, listener: TcpListener) -> io::Result<()> {
        let listener = Listener::new(listener)?;
        let gate = Gate::new(side, &shared.budgets, &shared.metrics);
        accept_all(
            gate,
            drain.closes(side, &shared.budgets),
            || listener.accept(),
            |accepted| self.hand(side, accepted),
        )
        .await;
        Ok(())
    }

    /// Connections that each worker has now, those that wait for it included.
    pub fn open(&self) -> Vec<usize> {
        self.workers.iter().map(Desk::open).collect()
    }

    fn hand(&self, side: Side, accepted: Accepted<TcpStream>) {
        let turn = self.turn.replace(self.turn.get().wrapping_add(1)) % self.workers.len().max(1);
        let (before, from) = self.workers.split_at(turn);
        let living = from.iter().chain(before).filter(|desk| !desk.queue.is_closed());
        let Some(desk) = living.min_by_key(|desk| desk.open()) else {
            tracing::error!(?side, "connection closed: there is no worker");
            return;
        };
        let seat = Seat::take(&desk.open);
        // A worker that ends at this moment takes the connection with it, as it does those it had.
        let _ = desk.queue.send(Arrival { side, accepted, seat });
    }
}

impl Desk {
    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Arrivals {
    pub(crate) async fn next(&mut self) -> Option<Arrival> {
        self.0.recv().await
    }
}

impl Seat {
    fn take(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(open.clone())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
