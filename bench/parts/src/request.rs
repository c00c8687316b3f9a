//! A request through one side of a proxy, on a connection that stays: all that the side does, and on either end of it as little
//! as can be done.
#![allow(clippy::unwrap_used, reason = "without sockets on loopback there is nothing to count")]

use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr};

use hauberk_core::endpoint::Endpoint;
use hauberk_fuzz::authority::Authority;
use hauberk_fuzz::mesh::Proxy;
use hauberk_fuzz::policy::{ALLOWED, everything, only_allowed};
use hauberk_fuzz::stack::Stack;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Part, Work};

pub(crate) const PARTS: &[Part] = &[
    ("inbound-request", inbound),
    ("inbound-routed", inbound_routed),
    ("outbound-request", outbound),
    ("outbound-balanced", outbound_balanced),
];

/// The service's endpoints where there is a choice, each at a loopback address of its own.
const ENDPOINTS: u8 = 8;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\ncontent-length: 4\r\n\r\ngood";
const BUFFER: usize = 4096;

/// A client on one connection, with the proxy behind it.
struct Client {
    socket: RefCell<TcpStream>,
    request: String,
    _proxy: Proxy,
}

/// Everybody may ask for everything.
fn inbound() -> Work {
    asking(async || Proxy::inbound(&Authority::new(), program(1).await, everything()).await)
}

/// Policy looks at the path.
fn inbound_routed() -> Work {
    asking(async || Proxy::inbound(&Authority::new(), program(1).await, only_allowed()).await)
}

/// To the one endpoint of a service, without TLS.
fn outbound() -> Work {
    asking(async || Proxy::outbound(&Authority::new(), Endpoint::outside(program(1).await)).await)
}

/// To one of several endpoints, which is chosen by what is known of two: the same as [`outbound`] but for the choice.
fn outbound_balanced() -> Work {
    asking(async || {
        let mut endpoints = Vec::new();
        for number in 1..=ENDPOINTS {
            endpoints.push(Endpoint::outside(program(number).await));
        }
        Proxy::balanced(&Authority::new(), endpoints).await
    })
}

fn asking(proxy: impl AsyncFnOnce() -> Proxy) -> Work {
    let stack = Stack::start(async {
        let proxy = proxy().await;
        let socket = RefCell::new(TcpStream::connect(proxy.addr).await.unwrap());
        let request = format!("GET /{ALLOWED}/a HTTP/1.1\r\nhost: web\r\nuser-agent: parts\r\naccept: */*\r\n\r\n");
        Client { socket, request, _proxy: proxy }
    });
    Box::new(move || stack.attempt(async |client| client.ask().await))
}

impl Client {
    #[allow(clippy::await_holding_refcell_ref, reason = "one request at a time")]
    async fn ask(&self) -> Result<(), String> {
        let mut socket = self.socket.borrow_mut();
        socket.write_all(self.request.as_bytes()).await.map_err(|error| error.to_string())?;
        let answer = message(&mut socket, b"good").await?;
        if answer.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err(String::from_utf8_lossy(&answer).into_owned()) }
    }
}

/// Answers each head without a look at what is in it, at 127.0.0.`number`.
async fn program(number: u8) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, number), 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::task::spawn_local(async move {
                while message(&mut socket, b"\r\n\r\n").await.is_ok() && socket.write_all(ANSWER).await.is_ok() {}
            });
        }
    });
    addr
}

/// What comes, up to these last bytes.
async fn message(socket: &mut TcpStream, last: &[u8]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(BUFFER);
    while !bytes.ends_with(last) {
        match socket.read_buf(&mut bytes).await {
            Ok(1..) if bytes.len() < BUFFER => {}
            Ok(_) => return Err("it ended".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(bytes)
}
