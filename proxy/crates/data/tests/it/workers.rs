//! Several workers behind one acceptor.

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hauberk_core::budget::Budget;
use hauberk_data::accept::{Acceptor, Arrivals, Side};
use hauberk_data::drain::{self, Drain, DrainSignal};
use hauberk_data::worker::{Shared, Worker};
use hauberk_net::listen;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

use crate::support::program::greets;
use crate::support::proxy::{Authority, SERVICE_IP, count, shared};
use crate::support::table::{Table, endpoint, opaque};
use crate::support::{eventually, run};

const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";
const WORKERS: usize = 4;
/// Connections that there may be.
const MOST: usize = 200;
/// Connections that begin at once: fewer than the queue of any listener here takes.
const AT_ONCE: usize = 50;

/// The outbound side of a proxy with four workers.
struct Proxy {
    addr: SocketAddr,
    acceptor: Rc<Acceptor>,
    shared: Shared,
    drain: DrainSignal,
    threads: Vec<JoinHandle<()>>,
}

impl Proxy {
    fn start(table: &Arc<Table>) -> Self {
        let listener = listen::bind((Ipv4Addr::LOCALHOST, 0).into(), 1024, false).unwrap().into_std().unwrap();
        let addr = listener.local_addr().unwrap();
        let ips = vec![[10, 77, 0, 9].into()];
        let mut shared = shared(&Authority::new(), CLIENT, table, addr.port(), ips, Duration::from_secs(10));
        shared.budgets.outbound.connections = Budget::new(MOST);
        let (drain, draining) = drain::channel();
        let (acceptor, arrivals) = Acceptor::new(WORKERS);
        let threads = arrivals.into_iter().map(|arrivals| worker(&shared, &draining, arrivals)).collect();
        let acceptor = Rc::new(acceptor);
        let (accepting, sharing) = (acceptor.clone(), shared.clone());
        tokio::task::spawn_local(async move {
            accepting.serve(&sharing, draining, Side::Outbound, listener).await.unwrap();
        });
        Self { addr, acceptor, shared, drain, threads }
    }

    /// Connections that are greeted of so many; the others must be turned away. They come as quickly as a queue of listeners
    /// takes them.
    async fn greeted(&self, tries: usize) -> Vec<TcpStream> {
        let (mut trying, turns) = (JoinSet::new(), Rc::new(Semaphore::new(AT_ONCE)));
        for _ in 0..tries {
            let (addr, turns) = (self.addr, turns.clone());
            trying.spawn_local(async move {
                let _turn = turns.acquire().await.unwrap();
                let mut socket = TcpStream::connect(addr).await.ok()?;
                let mut greeting = Vec::new();
                while greeting.len() < 5 && socket.read_buf(&mut greeting).await.is_ok_and(|read| read > 0) {}
                (greeting == b"hello").then_some(socket)
            });
        }
        trying.join_all().await.into_iter().flatten().collect()
    }

    fn open(&self) -> usize {
        self.acceptor.open().iter().sum()
    }
}

/// A thread like those of the real proxy, for connections to the one service.
fn worker(shared: &Shared, drain: &Drain, arrivals: Arrivals) -> JoinHandle<()> {
    let (shared, drain) = (shared.clone(), drain.clone());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let worker = Worker::with_original(shared, drain, 7, Box::new(|_| Ok((SERVICE_IP, 80).into())));
            worker.clone().serve_arrivals(arrivals).await;
            worker.emptied().await;
        });
    })
}

async fn proxy() -> Proxy {
    let table = Table::new();
    table.target.send_replace(Some(opaque()));
    table.set_endpoints([endpoint(greets().await)]);
    Proxy::start(&table)
}

#[test]
fn connections_are_spread_evenly_also_after_some_have_gone() {
    run(async {
        let proxy = proxy().await;
        let mut sockets = proxy.greeted(MOST).await;
        assert_eq!(proxy.acceptor.open(), [MOST / WORKERS; WORKERS]);
        sockets.truncate(MOST / 3);
        eventually(|| proxy.open() == MOST / 3).await;
        sockets.extend(proxy.greeted(MOST - MOST / 3).await);
        assert_eq!(proxy.acceptor.open(), [MOST / WORKERS; WORKERS]);
    });
}

#[test]
fn as_many_connections_as_there_may_be_are_served_whichever_worker_has_them() {
    run(async {
        let proxy = proxy().await;
        let sockets = proxy.greeted(MOST + 100).await;
        assert_eq!((sockets.len(), proxy.open()), (MOST, MOST));
        assert_eq!(count(&proxy.shared.metrics, "outbound_tcp_errors_total", &["error=\"loadshed\""]), 100.0);
        drop(sockets);
        eventually(|| proxy.shared.budgets.outbound.connections.taken() == 0).await;
        assert_eq!(proxy.greeted(MOST).await.len(), MOST);
    });
}

#[test]
fn a_program_with_connections_may_begin_others_and_with_its_last_one_all_ends() {
    run(async {
        let proxy = proxy().await;
        let mut sockets = proxy.greeted(2 * WORKERS).await;
        proxy.drain.begin();
        sockets.extend(proxy.greeted(WORKERS).await);
        for socket in &mut sockets {
            socket.write_all(b"still").await.unwrap();
            let mut echo = [0; 5];
            socket.read_exact(&mut echo).await.unwrap();
            assert_eq!(&echo, b"still");
        }
        assert!(!proxy.threads.iter().any(JoinHandle::is_finished));
        drop(sockets);
        eventually(|| Rc::strong_count(&proxy.acceptor) == 1).await;
        assert!(TcpStream::connect(proxy.addr).await.is_err(), "nothing listens any more");
        let Proxy { acceptor, threads, .. } = proxy;
        drop(acceptor);
        eventually(|| threads.iter().all(JoinHandle::is_finished)).await;
    });
}
