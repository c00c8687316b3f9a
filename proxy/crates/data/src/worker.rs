//! One thread's share of the proxy: its connections, pools and balancers. Nothing in it is shared with other workers
//! but configuration, credentials, discovery and counters.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::discover::Discover;
use hauberk_metrics::families::DataMetrics;
use tokio::net::{TcpListener, TcpStream};

use crate::config::Config;
use crate::drain::Drain;
use crate::inbound::Inbound;
use crate::outbound::Outbound;

/// What all workers share.
#[derive(Clone)]
pub struct Shared {
    /// Settings.
    pub config: Arc<Config>,
    /// Answers from the control plane.
    pub discover: Arc<dyn Discover>,
    /// The workload's credentials.
    pub tls: Arc<hauberk_tls::store::Store>,
    /// Counters.
    pub metrics: Arc<DataMetrics>,
}

/// One thread's share of the proxy. Lives on a current-thread runtime that can spawn local tasks.
pub struct Worker {
    pub(crate) shared: Shared,
    pub(crate) drain: Drain,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    original: Box<Original>,
    open: Cell<usize>,
    random: Cell<u64>,
}

/// Tells where an accepted connection wanted to go before it was redirected.
pub type Original = dyn Fn(&TcpStream) -> io::Result<SocketAddr>;

/// A pause after the kernel refused to accept, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Worker {
    /// `seed` starts the worker's random numbers; any value but 0 will do.
    pub fn new(shared: Shared, drain: Drain, seed: u64) -> Rc<Self> {
        Self::with_original(shared, drain, seed, Box::new(hauberk_net::original::destination))
    }

    /// The same where no kernel redirects connections to the proxy: `original` stands in for its record of them.
    pub fn with_original(shared: Shared, drain: Drain, seed: u64, original: Box<Original>) -> Rc<Self> {
        Rc::new(Self {
            original,
            shared,
            drain,
            inbound: Inbound::default(),
            outbound: Outbound::default(),
            open: Cell::new(0),
            random: Cell::new(seed | 1),
        })
    }

    /// Serves connections to the program until draining begins.
    pub async fn serve_inbound(self: Rc<Self>, listener: TcpListener) {
        self.serve(listener, crate::inbound::accept).await;
    }

    /// Serves connections of the program until draining begins.
    pub async fn serve_outbound(self: Rc<Self>, listener: TcpListener) {
        self.serve(listener, crate::outbound::accept).await;
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// A place among the open connections, until it is dropped.
    pub(crate) fn occupy(self: &Rc<Self>) -> Open {
        self.open.set(self.open.get() + 1);
        Open(self.clone())
    }

    /// Where an accepted connection wanted to go.
    pub(crate) fn original(&self, socket: &TcpStream) -> io::Result<SocketAddr> {
        (self.original)(socket)
    }

    /// The next random number (xorshift64*): for choices among endpoints, not for secrets.
    pub(crate) fn random(&self) -> u64 {
        let mut x = self.random.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.random.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    async fn serve<F, R>(self: Rc<Self>, listener: TcpListener, handle: F)
    where
        F: Fn(Rc<Worker>, TcpStream, SocketAddr) -> R,
        R: Future<Output = ()> + 'static,
    {
        let mut drain = self.drain.clone();
        let accepted_here = Rc::new(()); // one clone for each connection that is open
        loop {
            let accepted = tokio::select! {
                biased;
                () = drain.begun() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((_, peer)) if Rc::strong_count(&accepted_here) > self.shared.config.connections_max => {
                    tracing::warn!(%peer, "connection closed: too many are open");
                }
                Ok((socket, peer)) => {
                    let open = (self.occupy(), accepted_here.clone());
                    let handled = handle(self.clone(), socket, peer);
                    tokio::task::spawn_local(async move {
                        let _open = open; // counted until the task ends, also when it panics
                        handled.await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for now");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// One of the open connections, which draining waits for.
pub(crate) struct Open(Rc<Worker>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}
