//! TLS records to the inbound side: a ClientHello for this workload is the proxy's, everything else the program's, unchanged.
#![no_main]

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use hauberk_fuzz::authority::WEB;
use hauberk_fuzz::client::{cut, exchange, runtime, settle};
use hauberk_fuzz::hello;
use hauberk_fuzz::mesh::{Proxy, everything};
use libfuzzer_sys::{Corpus, fuzz_target};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

struct Stack {
    runtime: Runtime,
    tasks: LocalSet,
    proxy: Proxy,
    seen: Rc<RefCell<Vec<u8>>>,
}

thread_local!(static STACK: Stack = Stack::start());

impl Stack {
    fn start() -> Self {
        let (runtime, tasks) = (runtime(), LocalSet::new());
        let (proxy, seen) = tasks.block_on(&runtime, async {
            let (addr, seen) = program().await;
            (Proxy::start(addr, everything()).await, seen)
        });
        Self { runtime, tasks, proxy, seen }
    }

    fn attempt(&self, input: &[u8]) {
        let (sent, pieces) = cut(input);
        self.tasks.block_on(&self.runtime, async {
            exchange(self.proxy.addr, pieces).await;
            self.proxy.rest().await;
            settle().await;
        });
        let seen = self.seen.take();
        assert!(sent.starts_with(&seen), "the program got {} bytes that nobody sent", seen.len());
        if let Some(Some(name)) = hello::server_name(sent) {
            assert!(name != WEB || seen.is_empty(), "a handshake for this workload reached the program");
        }
    }
}

/// Reads to the end.
async fn program() -> (SocketAddr, Rc<RefCell<Vec<u8>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("an address is free");
    let addr = listener.local_addr().expect("it is bound");
    let seen = Rc::new(RefCell::new(Vec::new()));
    let all = seen.clone();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let seen = all.clone();
            tokio::task::spawn_local(async move {
                let mut bytes = Vec::new();
                while let Ok(1..) = socket.read_buf(&mut bytes).await {
                    seen.borrow_mut().append(&mut bytes);
                }
            });
        }
    });
    (addr, seen)
}

fuzz_target!(|input: &[u8]| -> Corpus {
    if input.get(1) != Some(&0x16) {
        return Corpus::Reject;
    }
    STACK.with(|stack| stack.attempt(input));
    Corpus::Keep
});
