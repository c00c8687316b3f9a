//! The instances that a name's SRV records list (RFC 2782). In Kubernetes, a record leads to a name whose first label is the
//! instance's address with dashes (`10-77-0-3.…`), so that one question is enough.

use std::net::{IpAddr, SocketAddr};

use hauberk_core::resolv;
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use tokio::net::UdpSocket;

use crate::backoff::random;

/// Where the system's servers are listed (resolv.conf(5)).
const SERVERS_FILE: &str = "/etc/resolv.conf";
/// The largest datagram that is read. A server that has more to say cuts it off, and is not asked again.
const DATAGRAM_MAX: usize = 4096;
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
    let mut name = Name::from_ascii(host).map_err(unusable)?;
    name.set_fqdn(true);
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await.map_err(unusable)?;
    socket.connect(server).await.map_err(unusable)?;
    // A number and a port of its own, so that nobody who did not see it can answer (RFC 5452); besides, instances must prove
    // who they are.
    let [high, low, ..] = random().to_be_bytes();
    let mut question = Message::new(u16::from_be_bytes([high, low]), MessageType::Query, OpCode::Query);
    question.metadata.recursion_desired = true;
    question.add_query(Query::query(name, RecordType::SRV));
    socket.send(&question.to_vec().map_err(unusable)?).await.map_err(unusable)?;
    let mut datagram = vec![0; DATAGRAM_MAX];
    loop {
        let length = socket.recv(&mut datagram).await.map_err(unusable)?;
        match Message::from_vec(&datagram[..length]) {
            Ok(answer) if answer.id == question.id && answer.queries == question.queries => return read(&answer),
            _ => {} // not an answer to this question
        }
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
        let RData::SRV(srv) = &record.data else { continue };
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
    label.replace('-', ".").parse().or_else(|_| label.replace('-', ":").parse()).ok()
}

fn unusable(why: impl ToString) -> NoInstances {
    NoInstances::Unusable(why.to_string())
}

#[cfg(test)]
#[path = "srv_tests.rs"]
mod tests;
