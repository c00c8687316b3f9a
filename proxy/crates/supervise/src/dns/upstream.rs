//! Queries for names elsewhere, handed to the host's servers from within the host's network.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::resolv;
use hauberk_net::namespace::Namespace;
use hickory_proto::op::{Message, MessageType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, UdpSocket};

use super::answer::{QUESTIONS, Transport};
use crate::backoff::random;

/// How long all servers together may take: less than a program waits for one answer.
const TIMEOUT: Duration = Duration::from_secs(2);
const HOST_FILE: &str = "/etc/resolv.conf";
/// The largest datagram that a server may send.
const DATAGRAM_MAX: usize = 4096;

/// The host's servers.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    host: Arc<Namespace>,
}

impl Upstream {
    pub(crate) fn new(host: Arc<Namespace>) -> Self {
        Self { host }
    }

    /// The first good response to `query`, from the servers that the host's file lists now; `None` when there is none.
    pub(crate) async fn ask(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let servers = resolv::servers(&std::fs::read_to_string(HOST_FILE).unwrap_or_default());
        let share = TIMEOUT / u32::try_from(servers.len().max(1)).unwrap_or(1);
        for server in servers {
            let exchange = async {
                match transport {
                    Transport::Udp => self.by_udp(query, server).await,
                    Transport::Tcp => self.by_tcp(query, server).await,
                }
            };
            if let Ok(Ok(response)) = tokio::time::timeout(share, exchange).await {
                return Some(response);
            }
        }
        None
    }

    async fn by_udp(&self, query: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
        let socket = self.host.visit(|| {
            let any = if server.is_ipv4() {
                (Ipv4Addr::UNSPECIFIED, 0).into()
            } else {
                SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
            };
            let socket = std::net::UdpSocket::bind(any)?;
            socket.connect(server)?;
            socket.set_nonblocking(true)?;
            Ok::<_, io::Error>(socket)
        })??;
        let socket = UdpSocket::from_std(socket)?;
        let exchange = Exchange::new(query)?;
        socket.send(&exchange.bytes).await?;
        let mut response = vec![0; DATAGRAM_MAX];
        loop {
            let length = socket.recv(&mut response).await?;
            if let Some(response) = exchange.accept(&response[..length]) {
                return Ok(response);
            }
        }
    }

    async fn by_tcp(&self, query: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
        let socket = self.host.visit(|| if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() })??;
        let mut stream = socket.connect(server).await?;
        let exchange = Exchange::new(query)?;
        let length = u16::try_from(query.len()).map_err(io::Error::other)?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(&exchange.bytes);
        stream.write_all(&framed).await?;
        let mut response = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut response).await?;
        exchange.accept(&response).ok_or_else(|| io::Error::other("the response is for another query"))
    }
}

/// A query under a number of its own, so that nobody who did not see it can answer it (RFC 5452).
struct Exchange {
    asked: Message,
    bytes: Vec<u8>,
    client_id: [u8; 2],
}

impl Exchange {
    fn new(query: &[u8]) -> io::Result<Self> {
        let asked = Message::from_vec(query).map_err(io::Error::other)?;
        let mut bytes = query.to_vec();
        let client_id = [bytes[0], bytes[1]]; // a message that was read has a header
        bytes[..2].copy_from_slice(&random().to_be_bytes()[..2]);
        Ok(Self { asked, bytes, client_id })
    }

    /// The response with the client's number, if it is one to this query.
    fn accept(&self, response: &[u8]) -> Option<Vec<u8>> {
        if response.get(..2)? != &self.bytes[..2] || response.get(QUESTIONS)? != &self.bytes[QUESTIONS] {
            return None;
        }
        let parsed = Message::from_vec(response).ok()?;
        if parsed.message_type != MessageType::Response || parsed.queries != self.asked.queries {
            return None;
        }
        let mut response = response.to_vec();
        response[..2].copy_from_slice(&self.client_id);
        Some(response)
    }
}

/// What the client of `query` is given when a server says these bytes, to a query that went out under their number, or under
/// another.
#[cfg(feature = "fuzzing")]
pub fn relayed(query: &[u8], response: &[u8], is_ours: bool) -> Option<Vec<u8>> {
    let mut exchange = Exchange::new(query).ok()?;
    let [high, low] = *response.first_chunk()?;
    exchange.bytes[..2].copy_from_slice(&[high, if is_ours { low } else { !low }]);
    exchange.accept(response)
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{OpCode, Query};
    use hickory_proto::rr::{Name, RecordType};

    use super::*;

    fn message(id: u16, kind: MessageType, name: &str) -> Vec<u8> {
        let mut message = Message::new(id, kind, OpCode::Query);
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        message.to_vec().unwrap()
    }

    #[test]
    fn only_a_response_to_the_same_question_under_our_number_is_accepted() {
        let exchange = Exchange::new(&message(7, MessageType::Query, "example.com.")).unwrap();
        let ours = u16::from_be_bytes([exchange.bytes[0], exchange.bytes[1]]);
        let good = exchange.accept(&message(ours, MessageType::Response, "EXAMPLE.com.")).unwrap();
        assert_eq!(good[..2], [0, 7]);
        assert!(exchange.accept(&message(ours, MessageType::Response, "example.org.")).is_none());
        assert!(exchange.accept(&message(ours.wrapping_add(1), MessageType::Response, "example.com.")).is_none());
        assert!(exchange.accept(&message(ours, MessageType::Query, "example.com.")).is_none(), "our own, sent back");
        assert!(exchange.accept(b"garbage").is_none());
        let mut many = message(ours, MessageType::Response, "example.com.");
        many[QUESTIONS].fill(0xff);
        assert!(exchange.accept(&many).is_none());
    }
}
