//! A server of HTTP/1 that answers the host `one` with the fuzzer's bytes, and everybody else properly.

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::client::settle;
use crate::plan::End;
use crate::strict::message::Message;
use crate::strict::{Next, request};

/// The answer to everybody else.
const PROPER: &[u8] = b"HTTP/1.1 200 OK\r\nx-of: two\r\ncontent-length: 4\r\n\r\ngood";

/// The fuzzer's answer.
#[derive(Clone, Debug)]
pub struct Script {
    /// Each arrives alone.
    pub pieces: Vec<Vec<u8>>,
    /// What follows.
    pub end: End,
    /// The answer comes before the request is whole.
    pub early: bool,
    /// What the client says next is no request.
    pub tunnels: bool,
}

/// What the server got since the script began.
#[derive(Debug, Default)]
pub struct Got {
    /// How often `one` was asked for.
    pub tries: usize,
    /// Bytes through the tunnel.
    pub tunneled: Vec<u8>,
    /// What no proxy should have sent.
    pub wrong: Option<String>,
}

/// The server.
#[derive(Clone)]
pub struct Server {
    script: Rc<RefCell<Option<Script>>>,
    got: Rc<RefCell<Got>>,
    /// Connections end when it changes.
    cut: watch::Sender<()>,
}

impl Server {
    /// Serves at an address of its own.
    pub async fn start() -> (Self, SocketAddr) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = Self { script: Rc::default(), got: Rc::default(), cut: watch::Sender::new(()) };
        let serving = server.clone();
        tokio::task::spawn_local(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::task::spawn_local(serving.clone().serve(socket, serving.cut.subscribe()));
            }
        });
        (server, addr)
    }

    /// Answers like this from now on.
    pub fn play(&self, script: Script) {
        *self.script.borrow_mut() = Some(script);
        self.got.take();
    }

    /// Ends all connections, and those on which the request is tried again once it is answered.
    pub async fn cut(&self) {
        if let Some(script @ Script { end: End::Stay, .. }) = &mut *self.script.borrow_mut() {
            script.end = End::Close;
        }
        self.cut.send_replace(());
        settle().await;
    }

    /// What came.
    pub fn take(&self) -> Got {
        self.got.take()
    }

    async fn serve(self, mut socket: TcpStream, mut cut: watch::Receiver<()>) {
        tokio::select! {
            () = self.talk(&mut socket) => {}
            _ = cut.changed() => {}
        }
    }

    async fn talk(&self, socket: &mut TcpStream) {
        let (mut bytes, mut answered) = (Vec::new(), false);
        loop {
            let (message, length) = match request(&bytes) {
                Next::Wrong(why) => return self.refuse(&bytes, why),
                Next::Message(message, length) => (Some(message), Some(length)),
                Next::Partial(message) => (message, None),
            };
            if let Some(message) = message
                && !answered
            {
                answered = match self.script_of(&message) {
                    Some(script) if script.early || length.is_some() => {
                        if !play(&script, socket).await {
                            return;
                        }
                        if script.tunnels {
                            return self.tunnel(socket).await;
                        }
                        true
                    }
                    None if length.is_some() => socket.write_all(PROPER).await.is_ok(),
                    _ => false,
                };
            }
            if let Some(length) = length {
                bytes.drain(..length);
                answered = false;
            } else if !matches!(socket.read_buf(&mut bytes).await, Ok(1..)) {
                return;
            }
        }
    }

    /// What `one` is answered with.
    fn script_of(&self, message: &Message) -> Option<Script> {
        let is_one = message.values(b"host").any(|host| host.starts_with(b"one"));
        let script = self.script.borrow().clone().filter(|_| is_one)?;
        if script.early || message.whole {
            self.got.borrow_mut().tries += 1;
        }
        Some(script)
    }

    async fn tunnel(&self, socket: &mut TcpStream) {
        let mut bytes = Vec::new();
        while let Ok(1..) = socket.read_buf(&mut bytes).await {
            self.got.borrow_mut().tunneled.append(&mut bytes);
        }
    }

    fn refuse(&self, bytes: &[u8], why: &str) {
        self.got.borrow_mut().wrong = Some(format!("the server got {why}: {:?}", String::from_utf8_lossy(bytes)));
    }
}

/// Says it all. Returns whether the server listens on.
async fn play(script: &Script, socket: &mut TcpStream) -> bool {
    for piece in &script.pieces {
        // The proxy may close once it has seen enough.
        if socket.write_all(piece).await.is_err() {
            return false;
        }
        settle().await;
    }
    match script.end {
        End::Stay => true,
        End::Close => socket.shutdown().await.is_ok(),
        End::Abort => socket.set_zero_linger().is_err(),
    }
}
