//! A program that takes any bytes and never says a word.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use crate::client::settle;

/// What it got since it was last asked.
#[derive(Clone, Default)]
pub struct Sink {
    seen: Rc<RefCell<Vec<u8>>>,
}

impl Sink {
    /// Serves at an address of its own.
    pub async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let sink = Self::default();
        let serving = sink.clone();
        tokio::task::spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(socket));
            }
        });
        (sink, addr)
    }

    /// All bytes so far.
    pub async fn take(&self) -> Vec<u8> {
        settle().await;
        self.seen.take()
    }

    async fn serve(self, mut socket: TcpStream) {
        let mut bytes = Vec::new();
        while let Ok(1..) = socket.read_buf(&mut bytes).await {
            self.seen.borrow_mut().append(&mut bytes);
        }
    }
}
