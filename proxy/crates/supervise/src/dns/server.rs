//! The sockets of the name server: UDP and TCP on loopback.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hauberk_net::namespace::Namespace;
use hickory_proto::op::ResponseCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::answer::{Outcome, Transport, Zone, answer, refuse};
use super::upstream::Upstream;
use super::view::View;
use crate::failure::Failure;

const PORT: u16 = 53;
/// Queries that wait for the host's servers at one time; more are refused at once.
const FORWARDS_MAX: usize = 128;
/// TCP connections at one time, and how long one may be silent.
const CONNECTIONS_MAX: usize = 32;
const IDLE: Duration = Duration::from_secs(10);
/// No query is larger; the rest of a longer datagram is cut off, which makes it unreadable.
const DATAGRAM_MAX: usize = 2048;

/// All that an answer needs.
#[derive(Clone)]
struct Names {
    zone: Zone,
    view: watch::Receiver<Option<View>>,
    upstream: Upstream,
    forwards: Arc<Semaphore>,
}

/// Bound, not yet serving.
pub(crate) struct Server {
    names: Names,
    datagrams: Vec<UdpSocket>,
    listeners: Vec<TcpListener>,
}

impl Server {
    /// Binds in the network namespace that the process is in; the host's is only for names elsewhere.
    pub(crate) async fn bind(
        zone: Zone,
        view: watch::Receiver<Option<View>>,
        host: Arc<Namespace>,
    ) -> Result<Self, Failure> {
        let names =
            Names { zone, view, upstream: Upstream::new(host), forwards: Arc::new(Semaphore::new(FORWARDS_MAX)) };
        let mut server = Self { names, datagrams: Vec::new(), listeners: Vec::new() };
        for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            match server.listen(SocketAddr::new(address, PORT)).await {
                // A kernel without IPv6 needs no server on it.
                Err(e) if address.is_ipv6() && e.kind() == io::ErrorKind::AddrNotAvailable => {}
                Err(e) if address.is_ipv6() && e.raw_os_error() == Some(libc::EAFNOSUPPORT) => {}
                Err(e) => return Err(Failure::new(format!("cannot answer names on {address}: {e}"), "")),
                Ok(()) => {}
            }
        }
        Ok(server)
    }

    async fn listen(&mut self, address: SocketAddr) -> io::Result<()> {
        self.datagrams.push(UdpSocket::bind(address).await?);
        self.listeners.push(TcpListener::bind(address).await?);
        Ok(())
    }

    /// Serves for as long as it is polled.
    pub(crate) async fn run(self) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut tasks = JoinSet::new();
        for socket in self.datagrams {
            tasks.spawn(serve_datagrams(socket, self.names.clone()));
        }
        for listener in self.listeners {
            tasks.spawn(serve_connections(listener, self.names.clone(), Arc::clone(&connections)));
        }
        while tasks.join_next().await.is_some() {}
    }
}

impl Names {
    fn answer(&self, query: &[u8], transport: Transport) -> Outcome {
        answer(&self.zone, self.view.borrow().as_ref(), query, transport)
    }

    /// The answer of the host's servers, or that there is none.
    async fn forward(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        if let Ok(_permit) = self.forwards.try_acquire()
            && let Some(response) = self.upstream.ask(query, transport).await
        {
            return Some(response);
        }
        match refuse(query, ResponseCode::ServFail, transport) {
            Outcome::Reply(response) => Some(response),
            Outcome::Forward | Outcome::Ignore => None,
        }
    }
}

async fn serve_datagrams(socket: UdpSocket, names: Names) {
    let socket = Arc::new(socket);
    let mut forwards = JoinSet::new();
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        while forwards.try_join_next().is_some() {}
        // An error belongs to an earlier answer that found its client gone.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        let query = &buffer[..length];
        match names.answer(query, Transport::Udp) {
            Outcome::Reply(response) => drop(socket.send_to(&response, client).await),
            Outcome::Ignore => {}
            Outcome::Forward => {
                let (names, socket, query) = (names.clone(), Arc::clone(&socket), query.to_vec());
                forwards.spawn(async move {
                    if let Some(response) = names.forward(&query, Transport::Udp).await {
                        let _ = socket.send_to(&response, client).await;
                    }
                });
            }
        }
    }
}

async fn serve_connections(listener: TcpListener, names: Names, connections: Arc<Semaphore>) {
    let mut served = JoinSet::new();
    loop {
        while served.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _client)) => {
                let names = names.clone();
                served.spawn(async move {
                    let _ = serve_connection(stream, &names).await; // its client knows how it ended
                    drop(permit);
                });
            }
            // Out of descriptors, mostly; there will be some again.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve_connection(mut stream: TcpStream, names: &Names) -> io::Result<()> {
    loop {
        let mut query = Vec::new();
        let read = async {
            query.resize(usize::from(stream.read_u16().await?), 0);
            stream.read_exact(&mut query).await
        };
        tokio::time::timeout(IDLE, read).await.map_err(io::Error::other)??;
        let response = match names.answer(&query, Transport::Tcp) {
            Outcome::Reply(response) => Some(response),
            Outcome::Forward => names.forward(&query, Transport::Tcp).await,
            Outcome::Ignore => None,
        };
        let Some(response) = response else { return Ok(()) };
        let length = u16::try_from(response.len()).map_err(io::Error::other)?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(&response);
        tokio::time::timeout(IDLE, stream.write_all(&framed)).await.map_err(io::Error::other)??;
    }
}
