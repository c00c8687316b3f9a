//! The instances that a name's SRV records list (RFC 2782). In Kubernetes, a record leads to a name whose first label is the
//! instance's address with dashes (`10-77-0-3.…`), so that one question is enough.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use hauberk_core::resolv;
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, RecordType};
use tokio::net::UdpSocket;

use crate::backoff::random;

/// Where the system's servers are listed (resolv.conf(5)).
const SERVERS_FILE: &str = "/etc/resolv.conf";
/// The largest datagram that is read. A server that has more to say cuts it off, and is not asked again.
const DATAGRAM_MAX: usize = 4096;
/// Where a header says how many questions follow. Memory for all of them is set aside before the first is read.
const QUESTIONS: Range<usize> = 4..6;
/// Instances that are worth trying.
const INSTANCES_MAX: usize = 64;

/// Why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoInstances {
    /// The name has no such records.
    NoRecords,
    /// They cannot be asked for, or lead to names without an address in them.
    Unusable(String),
}

/// The instances of `host`, by their priority, in random order within it.
pub(crate) async fn instances(host: &str) -> Result<Vec<SocketAddr>, NoInstances> {
    let listed = tokio::fs::read_to_string(SERVERS_FILE).await.map_err(unusable)?;
    let server = *resolv::servers(&listed).first().ok_or_else(|| unusable("no name server is known"))?;
    ask(server, host).await
}

/// The same from one server.
async fn ask(server: SocketAddr, host: &str) -> Result<Vec<SocketAddr>, NoInstances> {
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.map_err(unusable)?;
    socket.connect(server).await.map_err(unusable)?;
    let question = Question::new(host)?;
    socket.send(&question.0.to_vec().map_err(unusable)?).await.map_err(unusable)?;
    let mut datagram = vec![0; DATAGRAM_MAX];
    loop {
        let length = socket.recv(&mut datagram).await.map_err(unusable)?;
        if let Some(answer) = question.answered_by(&datagram[..length]) {
            return read(&answer);
        }
    }
}

/// A question for SRV records. It has a number of its own, and its socket a port, so that nobody who did not see it can answer
/// (RFC 5452); besides, instances must prove who they are.
struct Question(Message);

impl Question {
    fn new(host: &str) -> Result<Self, NoInstances> {
        let mut name = Name::from_ascii(host).map_err(unusable)?;
        name.set_fqdn(true);
        let [high, low, ..] = random().to_be_bytes();
        let mut question = Message::new(u16::from_be_bytes([high, low]), MessageType::Query, OpCode::Query);
        question.metadata.recursion_desired = true;
        question.add_query(Query::query(name, RecordType::SRV));
        Ok(Self(question))
    }

    /// The message in a datagram, if it answers this question.
    fn answered_by(&self, datagram: &[u8]) -> Option<Message> {
        if datagram.get(QUESTIONS)? != [0, 1] {
            return None;
        }
        let answer = Message::from_vec(datagram).ok()?;
        let ours = answer.message_type == MessageType::Response && answer.id == self.0.id;
        (ours && answer.queries == self.0.queries).then_some(answer)
    }
}

fn read(answer: &Message) -> Result<Vec<SocketAddr>, NoInstances> {
    match answer.response_code {
        ResponseCode::NoError => {}
        ResponseCode::NXDomain => return Err(NoInstances::NoRecords),
        code => return Err(unusable(code)),
    }
    let mut found = Vec::new();
    for record in answer.answers.iter().take(INSTANCES_MAX) {
        let (DNSClass::IN, RData::SRV(srv)) = (record.dns_class, &record.data) else { continue };
        let label = srv.target.iter().next().and_then(|label| std::str::from_utf8(label).ok()).unwrap_or_default();
        let ip =
            dashed(label).ok_or_else(|| unusable(format_args!("{} does not begin with an address", srv.target)))?;
        found.push((srv.priority, random(), SocketAddr::new(ip, srv.port)));
    }
    if found.is_empty() {
        return Err(NoInstances::NoRecords);
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, _, instance)| instance).collect())
}

/// An address whose dots or colons are dashes.
fn dashed(label: &str) -> Option<IpAddr> {
    if label.contains(['.', ':']) {
        return None; // a label may have any bytes
    }
    label.replace('-', ".").parse().or_else(|_| label.replace('-', ":").parse()).ok()
}

fn unusable(why: impl ToString) -> NoInstances {
    NoInstances::Unusable(why.to_string())
}

/// The instances of `host` that a server's bytes list, where the question had their number.
#[cfg(feature = "fuzzing")]
pub fn instances_in(bytes: &[u8], host: &str) -> Option<Vec<SocketAddr>> {
    let mut question = Question::new(host).ok()?;
    question.0.metadata.id = u16::from_be_bytes(*bytes.first_chunk()?);
    read(&question.answered_by(bytes)?).ok()
}

#[cfg(test)]
#[path = "srv_tests.rs"]
mod tests;
