//! The answer to one query. Pure: view and bytes in, bytes out.

use std::net::IpAddr;
use std::ops::Range;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, SOA};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::View;
use crate::failure::Failure;

/// Seconds that an answer may be kept: short, as services come and go.
const TTL: u32 = 5;
/// Without EDNS (RFC 1035, 4.2.1), and the most that passes every path in one piece (DNS flag day 2020).
const UDP_PLAIN: u16 = 512;
const UDP_MAX: u16 = 1232;
/// The header that everything begins with.
const HEADER: usize = 12;
/// Where a header says how many questions follow. Memory for all of them is set aside before the first is read.
pub(super) const QUESTIONS: Range<usize> = 4..6;
/// In the third byte of a header: this is a response.
const RESPONSE_BIT: u8 = 0x80;

/// How the query came, which limits the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// One datagram.
    Udp,
    /// A stream with lengths before messages.
    Tcp,
}

/// What to do about a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Send this.
    Reply(Vec<u8>),
    /// Ask somebody else: the name is not ours.
    Forward,
    /// It was no query; an answer might go back and forth for ever.
    Ignore,
}

/// The domain that is answered here.
#[derive(Clone, Debug)]
pub struct Zone {
    domain: Name,
    soa: SOA,
}

impl Zone {
    /// The zone of a cluster domain such as `cluster.local`.
    pub fn new(cluster_domain: &str) -> Result<Self, Failure> {
        let parse = |text: &str| {
            let name = Name::from_ascii(text).map(|name| name.to_lowercase());
            name.map_err(|e| Failure::new(format!("{cluster_domain:?} is no domain: {e}"), ""))
        };
        let domain = parse(&format!("{cluster_domain}."))?;
        let (server, person) =
            (parse(&format!("ns.dns.{cluster_domain}."))?, parse(&format!("hostmaster.{cluster_domain}."))?);
        // Nobody copies the zone, so serial and intervals mean nothing; the last value is how long "no" may be kept.
        Ok(Self { domain, soa: SOA::new(server, person, 1, 7200, 1800, 86400, TTL) })
    }

    /// The labels below the domain, lower case, outermost first; `None` for a name elsewhere.
    fn labels_below(&self, name: &Name) -> Option<Vec<String>> {
        if !self.domain.zone_of(name) {
            return None;
        }
        let below = name.iter().count() - self.domain.iter().count();
        let text = |label: &[u8]| String::from_utf8_lossy(label).to_ascii_lowercase();
        let mut labels: Vec<String> = name.iter().take(below).map(text).collect();
        labels.reverse();
        Some(labels)
    }

    fn soa_record(&self) -> Record {
        Record::from_rdata(self.domain.clone(), TTL, RData::SOA(self.soa.clone()))
    }
}

/// What is at a name: `None` when there is no such name, and no data where a name only leads to others (RFC 8020).
fn records(zone: &Zone, view: &View, labels: &[String], query: &Query) -> Option<Vec<Record>> {
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let nothing = Some(Vec::new());
    match labels[..] {
        [] if matches!(query.query_type(), RecordType::SOA | RecordType::ANY) => Some(vec![zone.soa_record()]),
        [] | ["svc"] => nothing,
        ["svc", namespace] if view.has_namespace(namespace) => nothing,
        ["svc", namespace, service] => {
            let addresses = view.addresses(namespace, service)?.iter();
            Some(addresses.filter_map(|address| address_record(query, *address)).collect())
        }
        _ => None,
    }
}

fn address_record(query: &Query, address: IpAddr) -> Option<Record> {
    let data = match (address, query.query_type()) {
        (IpAddr::V4(address), RecordType::A | RecordType::ANY) => RData::A(A(address)),
        (IpAddr::V6(address), RecordType::AAAA | RecordType::ANY) => RData::AAAA(AAAA(address)),
        _ => return None,
    };
    Some(Record::from_rdata(query.name().clone(), TTL, data))
}

/// Answers from `view`; without one nothing can be said about the zone, not even that a name is missing.
pub fn answer(zone: &Zone, view: Option<&View>, bytes: &[u8], transport: Transport) -> Outcome {
    if bytes.len() < HEADER || bytes[2] & RESPONSE_BIT != 0 {
        return Outcome::Ignore;
    }
    let id = u16::from_be_bytes([bytes[0], bytes[1]]);
    if bytes[QUESTIONS] != [0, 1] {
        return malformed(id);
    }
    let Ok(query) = Message::from_vec(bytes) else {
        return malformed(id);
    };
    let mut response = respond(&query);
    let [question] = &query.queries[..] else {
        return finish(response, ResponseCode::FormErr, transport);
    };
    if query.metadata.op_code != OpCode::Query {
        return finish(response, ResponseCode::NotImp, transport);
    }
    if query.edns.as_ref().is_some_and(|edns| edns.version() > 0) {
        return finish(response, ResponseCode::BADVERS, transport);
    }
    if !matches!(question.query_class(), DNSClass::IN | DNSClass::ANY)
        || matches!(question.query_type(), RecordType::AXFR | RecordType::IXFR)
    {
        return finish(response, ResponseCode::Refused, transport);
    }
    let Some(labels) = zone.labels_below(question.name()) else {
        return Outcome::Forward;
    };
    let Some(view) = view else {
        return finish(response, ResponseCode::ServFail, transport);
    };
    response.metadata.authoritative = true;
    let found = records(zone, view, &labels, question);
    let code = if found.is_some() { ResponseCode::NoError } else { ResponseCode::NXDomain };
    response.answers = found.unwrap_or_default();
    if response.answers.is_empty() {
        response.authorities.push(zone.soa_record()); // how long "no" may be kept (RFC 2308)
    }
    finish(response, code, transport)
}

/// An answer that says only why there is none.
pub(crate) fn refuse(bytes: &[u8], code: ResponseCode, transport: Transport) -> Outcome {
    match Message::from_vec(bytes) {
        Ok(query) => finish(respond(&query), code, transport),
        Err(_) => Outcome::Ignore,
    }
}

/// The response to `query`, so far without a result.
fn respond(query: &Message) -> Message {
    let mut response = Message::response(query.metadata.id, query.metadata.op_code);
    response.metadata.recursion_desired = query.metadata.recursion_desired;
    response.metadata.recursion_available = true;
    response.queries = query.queries.clone();
    response.edns = query.edns.as_ref().map(|asked| {
        let mut edns = Edns::new();
        // What we take; what the other side takes is kept for the limit until the response is written.
        edns.set_max_payload(asked.max_payload()).set_version(0).set_dnssec_ok(asked.flags().dnssec_ok);
        edns
    });
    response
}

fn finish(mut response: Message, code: ResponseCode, transport: Transport) -> Outcome {
    response.metadata.response_code = code;
    let limit = match (transport, &mut response.edns) {
        (Transport::Tcp, _) => usize::from(u16::MAX),
        (Transport::Udp, None) => UDP_PLAIN.into(),
        (Transport::Udp, Some(edns)) => edns.max_payload().clamp(UDP_PLAIN, UDP_MAX).into(),
    };
    if let Some(edns) = &mut response.edns {
        edns.set_max_payload(UDP_MAX);
    }
    let Ok(bytes) = response.to_vec() else {
        return malformed(response.metadata.id);
    };
    if bytes.len() <= limit {
        return Outcome::Reply(bytes);
    }
    response.answers.clear();
    response.authorities.clear();
    response.metadata.truncation = true;
    match response.to_vec() {
        Ok(bytes) if bytes.len() <= limit => Outcome::Reply(bytes),
        // What it repeats of the query is too long by itself.
        _ => malformed(response.metadata.id),
    }
}

/// A query that cannot be read, or repeated.
fn malformed(id: u16) -> Outcome {
    let response = Message::error_msg(id, OpCode::Query, ResponseCode::FormErr);
    debug_assert_eq!(response.metadata.message_type, MessageType::Response);
    response.to_vec().map_or(Outcome::Ignore, Outcome::Reply)
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
