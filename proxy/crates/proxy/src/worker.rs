//! One thread that carries traffic.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;

use hauberk_data::accept::{Acceptor, Arrivals, Side};
use hauberk_data::drain::Drain;
use hauberk_data::worker::{Shared, Worker};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet, spawn_local};

/// What connections come in by.
pub(crate) struct Listeners {
    pub(crate) inbound: TcpListener,
    pub(crate) outbound: Vec<TcpListener>,
}

/// Where a worker's connections come from.
enum Source {
    /// It accepts them itself.
    Own(Listeners),
    /// An acceptor hands them over.
    Handed(Arrivals),
}

/// Tells that a worker's thread is at its end, however it came to that.
struct Ended(mpsc::UnboundedSender<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nobody listens any more: the process ends as well.
        let _ = self.0.send(());
    }
}

/// Threads that carry traffic.
pub(crate) struct Workers {
    ended: mpsc::UnboundedReceiver<()>,
}

impl Workers {
    /// Starts `count` workers. Each ends once draining has begun and its last connection is gone.
    ///
    /// One accepts for itself, so that nothing stands on a connection's way; several have an acceptor on the calling
    /// thread's `LocalSet`.
    pub(crate) fn start(count: usize, shared: &Shared, drain: &Drain, listeners: Listeners) -> io::Result<Self> {
        let (tx, ended) = mpsc::unbounded_channel();
        let sources = if count == 1 {
            vec![Source::Own(listeners)]
        } else {
            let (acceptor, arrivals) = Acceptor::new(count);
            spawn_local(accept(acceptor, shared.clone(), drain.clone(), listeners));
            arrivals.into_iter().map(Source::Handed).collect()
        };
        for (index, source) in sources.into_iter().enumerate() {
            thread(index, shared.clone(), drain.clone(), source, Ended(tx.clone()))?;
        }
        Ok(Self { ended })
    }

    /// Returns when one of the workers has ended; at once when all have.
    pub(crate) async fn one_ended(&mut self) {
        self.ended.recv().await;
    }

    /// Returns when all workers have ended.
    pub(crate) async fn all_ended(&mut self) {
        while self.ended.recv().await.is_some() {}
    }
}

fn thread(index: usize, shared: Shared, drain: Drain, source: Source, ended: Ended) -> io::Result<()> {
    // Seeds need not be secret, only different.
    let seed = u64::from(std::process::id()) << 16 | (index as u64 + 1);
    std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
        let _ended = ended;
        let served = Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| LocalSet::new().block_on(&runtime, serve(Worker::new(shared, drain, seed), source)));
        if let Err(error) = served {
            tracing::error!(%error, "a worker cannot serve");
        }
    })?;
    Ok(())
}

async fn serve(worker: Rc<Worker>, source: Source) -> io::Result<()> {
    #[cfg(feature = "jemalloc")]
    spawn_local(crate::allocator::give_back_of_this_thread());
    match source {
        Source::Own(listeners) => serve_own(&worker, listeners).await?,
        Source::Handed(arrivals) => worker.clone().serve_arrivals(arrivals).await,
    }
    worker.emptied().await;
    Ok(())
}

async fn serve_own(worker: &Rc<Worker>, listeners: Listeners) -> io::Result<()> {
    let mut serving = JoinSet::new();
    let inbound = tokio::net::TcpListener::from_std(listeners.inbound)?;
    serving.spawn_local(worker.clone().serve_inbound(inbound));
    for listener in listeners.outbound {
        let outbound = tokio::net::TcpListener::from_std(listener)?;
        serving.spawn_local(worker.clone().serve_outbound(outbound));
    }
    // Accept loops end by draining only; a panic in one would be a panic of the loop itself.
    while let Some(ended) = serving.join_next().await {
        ended.map_err(io::Error::other)?;
    }
    Ok(())
}

/// Accepts for all workers until draining begins; then the acceptor is dropped, and the workers know that nothing comes.
async fn accept(acceptor: Acceptor, shared: Shared, drain: Drain, listeners: Listeners) {
    let acceptor = Rc::new(acceptor);
    let mut serving = JoinSet::new();
    let outbound = listeners.outbound.into_iter().map(|listener| (Side::Outbound, listener));
    for (side, listener) in outbound.chain([(Side::Inbound, listeners.inbound)]) {
        let (acceptor, shared, drain) = (acceptor.clone(), shared.clone(), drain.clone());
        serving.spawn_local(async move { acceptor.serve(&shared, drain, side, listener).await });
    }
    while let Some(ended) = serving.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "cannot accept connections"),
            Err(error) => tracing::error!(%error, "cannot accept connections"),
        }
    }
}
