//! Several workers behind one acceptor.

use std::rc::Rc;
use std::thread::JoinHandle;

use hauberk_core::budget::Budget;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::program::greets;
use crate::support::table::{Table, endpoint, opaque};
use crate::support::ways::CLIENT;
use crate::support::workers::{WORKERS, Workers};
use crate::support::{eventually, run};

/// Connections that there may be.
const MOST: usize = 200;
/// Connections that begin at once: fewer than the queue of any listener here takes.
const AT_ONCE: usize = 50;

async fn proxy() -> Workers {
    let table = Table::new();
    table.target.send_replace(Some(opaque()));
    table.set_endpoints([endpoint(greets().await)]);
    Workers::outbound(CLIENT, &table, |shared| shared.budgets.outbound.connections = Budget::new(MOST))
}

/// Connections that are greeted of so many; the others must be turned away. They come as quickly as a queue of listeners
/// takes them.
async fn greeted(proxy: &Workers, tries: usize) -> Vec<TcpStream> {
    let (mut trying, turns) = (JoinSet::new(), Rc::new(Semaphore::new(AT_ONCE)));
    for _ in 0..tries {
        let (addr, turns) = (proxy.addr, turns.clone());
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

#[test]
fn connections_are_spread_evenly_also_after_some_have_gone() {
    run(async {
        let proxy = proxy().await;
        let mut sockets = greeted(&proxy, MOST).await;
        assert_eq!(proxy.acceptor.open(), [MOST / WORKERS; WORKERS]);
        sockets.truncate(MOST / 3);
        eventually(|| proxy.open() == MOST / 3).await;
        sockets.extend(greeted(&proxy, MOST - MOST / 3).await);
        assert_eq!(proxy.acceptor.open(), [MOST / WORKERS; WORKERS]);
    });
}

#[test]
fn as_many_connections_as_there_may_be_are_served_whichever_worker_has_them() {
    run(async {
        let proxy = proxy().await;
        let sockets = greeted(&proxy, MOST + 100).await;
        assert_eq!((sockets.len(), proxy.open()), (MOST, MOST));
        assert_eq!(proxy.count("outbound_tcp_errors_total", &["error=\"loadshed\""]), 100.0);
        drop(sockets);
        eventually(|| proxy.shared.budgets.outbound.connections.taken() == 0).await;
        assert_eq!(greeted(&proxy, MOST).await.len(), MOST);
    });
}

#[test]
fn a_program_with_connections_may_begin_others_and_with_its_last_one_all_ends() {
    run(async {
        let proxy = proxy().await;
        let mut sockets = greeted(&proxy, 2 * WORKERS).await;
        proxy.drain.begin();
        sockets.extend(greeted(&proxy, WORKERS).await);
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
        let Workers { acceptor, threads, .. } = proxy;
        drop(acceptor);
        eventually(|| threads.iter().all(JoinHandle::is_finished)).await;
    });
}
