//! One thread's share of the proxy: its connections, pools and balancers. Nothing in it is shared with other workers
//! but configuration, credentials, discovery, budgets, circuits and counters.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use hauberk_core::discover::Discover;
use hauberk_metrics::families::DataMetrics;
use pin_project_lite::pin_project;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::accept::{Accepted, Arrivals, Gate, Side, accept_all};
use crate::access_log::AccessLog;
use crate::budgets::Budgets;
use crate::common::Common;
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
    /// What all workers together may have at once.
    pub budgets: Budgets,
    /// What they have in common of the places that they send to.
    pub common: Arc<Common>,
    /// Where requests to the program are written down, if anywhere.
    pub access_log: Option<Arc<AccessLog>>,
}

impl Shared {
    /// With budgets as the settings want them.
    pub fn new(
        config: Config,
        discover: Arc<dyn Discover>,
        tls: Arc<hauberk_tls::store::Store>,
        metrics: Arc<DataMetrics>,
    ) -> Self {
        let budgets = Budgets::new(&config);
        let common = Arc::default();
        Self { config: Arc::new(config), discover, tls, metrics, budgets, common, access_log: None }
    }
}

/// One thread's share of the proxy. Lives on a current-thread runtime that can spawn local tasks.
pub struct Worker {
    pub(crate) shared: Shared,
    pub(crate) drain: Drain,
    pub(crate) inbound: Inbound,
    pub(crate) outbound: Outbound,
    original: Box<Original>,
    open: Cell<usize>,
    emptied: Notify,
    random: Cell<u64>,
}

/// Tells where an accepted connection wanted to go before it was redirected.
pub type Original = dyn Fn(&TcpStream) -> io::Result<SocketAddr>;

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
            emptied: Notify::new(),
            random: Cell::new(seed | 1),
        })
    }

    /// Serves connections to the program until that side drains.
    pub async fn serve_inbound(self: Rc<Self>, listener: TcpListener) {
        self.serve(Side::Inbound, listener).await;
    }

    /// Serves connections of the program until that side has drained.
    pub async fn serve_outbound(self: Rc<Self>, listener: TcpListener) {
        self.serve(Side::Outbound, listener).await;
    }

    /// Serves the connections that an acceptor hands over, until the acceptor is gone.
    pub async fn serve_arrivals(self: Rc<Self>, mut arrivals: Arrivals) {
        while let Some(arrival) = arrivals.next().await {
            match TcpStream::from_std(arrival.accepted.socket) {
                Ok(socket) => {
                    let place = (arrival.accepted.place, arrival.seat);
                    self.begin(arrival.side, socket, arrival.accepted.peer, place);
                }
                Err(error) => tracing::warn!(peer = %arrival.accepted.peer, %error, "connection closed"),
            }
        }
    }

    /// Connections that are open now.
    pub fn open(&self) -> usize {
        self.open.get()
    }

    /// Returns once no connection is open.
    pub async fn emptied(&self) {
        while self.open.get() > 0 {
            self.emptied.notified().await;
        }
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

    async fn serve(self: Rc<Self>, side: Side, listener: TcpListener) {
        let begin = |accepted: Accepted<TcpStream>| {
            self.begin(side, accepted.socket, accepted.peer, accepted.place);
        };
        let gate = Gate::new(side, &self.shared.budgets, &self.shared.metrics);
        accept_all(gate, self.drain.clone().closes(side, &self.shared.budgets), || listener.accept(), begin).await;
    }

    /// Serves one connection in a task of its own, which holds its place.
    fn begin<P: 'static>(self: &Rc<Self>, side: Side, socket: TcpStream, peer: SocketAddr, place: P) {
        let place = (self.occupy(), place);
        match side {
            Side::Inbound => spawn(crate::inbound::accept(self.clone(), socket, peer), place),
            Side::Outbound => spawn(crate::outbound::accept(self.clone(), socket, peer), place),
        }
    }
}

fn spawn<F: Future<Output = ()> + 'static, P: 'static>(serving: F, place: P) {
    tokio::task::spawn_local(Serving { serving, place });
}

pin_project! {
    /// A connection being served; its place is free again when the task ends, also when it panics. An async block would
    /// hold the large inner future twice.
    struct Serving<F, P> {
        #[pin]
        serving: F,
        place: P,
    }
}

impl<F: Future<Output = ()>, P> Future for Serving<F, P> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().serving.poll(cx)
    }
}

/// One of the open connections, which draining waits for.
pub(crate) struct Open(Rc<Worker>);

impl Drop for Open {
    fn drop(&mut self) {
        let left = self.0.open.get() - 1;
        self.0.open.set(left);
        if left == 0 {
            self.0.emptied.notify_one();
        }
    }
}
