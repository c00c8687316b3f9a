//! A proxy with several workers behind one acceptor, as the real one has them.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hauberk_data::accept::{Acceptor, Arrivals, Side};
use hauberk_data::drain::{self, Drain, DrainSignal};
use hauberk_data::worker::{Shared, Worker};
use hauberk_net::listen;
use tokio::task::LocalSet;

use crate::support::proxy::{Authority, SERVICE_IP, count, shared};
use crate::support::table::Table;

pub(crate) const WORKERS: usize = 4;

/// One side of a proxy with four workers.
pub(crate) struct Workers {
    pub(crate) addr: SocketAddr,
    pub(crate) acceptor: Rc<Acceptor>,
    pub(crate) shared: Shared,
    pub(crate) drain: DrainSignal,
    pub(crate) threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Before the one service.
    pub(crate) fn outbound(name: &str, table: &Arc<Table>, change: impl FnOnce(&mut Shared)) -> Self {
        Self::start(Side::Outbound, name, table, (SERVICE_IP, 80).into(), change)
    }

    /// Before a program.
    pub(crate) fn inbound(
        name: &str,
        table: &Arc<Table>,
        program: SocketAddr,
        change: impl FnOnce(&mut Shared),
    ) -> Self {
        Self::start(Side::Inbound, name, table, program, change)
    }

    fn start(
        side: Side,
        name: &str,
        table: &Arc<Table>,
        original: SocketAddr,
        change: impl FnOnce(&mut Shared),
    ) -> Self {
        let listener = listen::bind((Ipv4Addr::LOCALHOST, 0).into(), 1024, false).unwrap().into_std().unwrap();
        let addr = listener.local_addr().unwrap();
        let ips = vec![Ipv4Addr::LOCALHOST.into()];
        let mut shared = shared(&Authority::new(), name, table, addr.port(), ips, Duration::from_secs(10));
        change(&mut shared);
        let (drain, draining) = drain::channel();
        let (acceptor, arrivals) = Acceptor::new(WORKERS);
        let threads = arrivals.into_iter().map(|arrivals| worker(&shared, &draining, arrivals, original)).collect();
        let acceptor = Rc::new(acceptor);
        let (accepting, sharing) = (acceptor.clone(), shared.clone());
        tokio::task::spawn_local(async move {
            accepting.serve(&sharing, draining, side, listener).await.unwrap();
        });
        Self { addr, acceptor, shared, drain, threads }
    }

    /// Connections that are open now.
    pub(crate) fn open(&self) -> usize {
        self.acceptor.open().iter().sum()
    }

    /// The sum of all samples of `family` whose labels contain all of `labels`.
    pub(crate) fn count(&self, family: &str, labels: &[&str]) -> f64 {
        count(&self.shared.metrics, family, labels)
    }
}

/// A thread like those of the real proxy.
fn worker(shared: &Shared, drain: &Drain, arrivals: Arrivals, original: SocketAddr) -> JoinHandle<()> {
    let (shared, drain) = (shared.clone(), drain.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let worker = Worker::with_original(shared, drain, 7, Box::new(move |_| Ok(original)));
            worker.clone().serve_arrivals(arrivals).await;
            worker.emptied().await;
        });
    })
}
