//! One thread that carries traffic.

use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use hauberk_data::drain::Drain;
use hauberk_data::worker::{Shared, Worker};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// How often a draining worker looks whether its last connection is gone.
const LOOK: Duration = Duration::from_millis(20);

/// What a worker listens on.
pub(crate) struct Listeners {
    pub(crate) inbound: TcpListener,
    pub(crate) outbound: Vec<TcpListener>,
}

impl Listeners {
    /// The same sockets for one worker more.
    pub(crate) fn share(&self) -> io::Result<Self> {
        Ok(Self {
            inbound: self.inbound.try_clone()?,
            outbound: self.outbound.iter().map(TcpListener::try_clone).collect::<io::Result<_>>()?,
        })
    }
}

/// Starts a worker; its thread ends once draining has begun and its last connection is gone.
pub(crate) fn start(index: usize, shared: Shared, drain: Drain, listeners: Listeners) -> io::Result<JoinHandle<()>> {
    // Seeds need not be secret, only different.
    let seed = u64::from(std::process::id()) << 16 | (index as u64 + 1);
    std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
        let served = Builder::new_current_thread()
            .enable_all()
            .build()
            .and_then(|runtime| LocalSet::new().block_on(&runtime, serve(Worker::new(shared, drain, seed), listeners)));
        if let Err(error) = served {
            tracing::error!(%error, "a worker cannot serve");
        }
    })
}

async fn serve(worker: Rc<Worker>, listeners: Listeners) -> io::Result<()> {
    let inbound = tokio::net::TcpListener::from_std(listeners.inbound)?;
    let mut serving = vec![tokio::task::spawn_local(worker.clone().serve_inbound(inbound))];
    for listener in listeners.outbound {
        let outbound = tokio::net::TcpListener::from_std(listener)?;
        serving.push(tokio::task::spawn_local(worker.clone().serve_outbound(outbound)));
    }
    for task in serving {
        // Accept loops end by draining only; a panic in one would be a panic of the loop itself.
        if let Err(error) = task.await {
            return Err(io::Error::other(error));
        }
    }
    while worker.open() > 0 {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
