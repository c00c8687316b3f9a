//! Bytes of a name server: what is taken of them is what they say, by a reader of its own.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use crate::reply::{Answer, IN, Reply, read};

/// A program's query for the addresses of example.com, under the number 7.
const QUERY: &[u8] = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
const HOST: &str = "instances.mesh";
const INSTANCES_MAX: usize = 64;

/// As what a program is given that asked.
pub fn program(reply: &[u8]) {
    assert_eq!(hauberk_supervise::dns::relayed(QUERY, reply, false), None, "the number of another query");
    let Some(relayed) = hauberk_supervise::dns::relayed(QUERY, reply, true) else { return };
    assert_eq!(relayed[..2], QUERY[..2]);
    assert_eq!(relayed[2..], reply[2..]);
    let read = read(reply).unwrap_or_else(|| panic!("{reply:?} cannot be read"));
    assert!(read.is_reply);
    assert_eq!(read.question, (name("example.com"), 1, IN));
}

/// As instances of the control plane.
pub fn instances(reply: &[u8]) {
    let Some(found) = hauberk_control::instances_in(reply, HOST) else { return };
    let Reply { is_reply, code, question, answers } = read(reply).unwrap_or_else(|| panic!("{reply:?} cannot be read"));
    assert!(is_reply && code == 0);
    assert_eq!(question, (name(HOST), 33, IN));
    let mut listed: Vec<(u16, SocketAddr)> = answers.into_iter().take(INSTANCES_MAX).filter_map(instance).collect();
    listed.sort_unstable();
    // Equal ones may come in any order.
    let mut rest = found.as_slice();
    for equal in listed.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((first, others)) = rest.split_at_checked(equal.len()) else { panic!("{found:?} are not {listed:?}") };
        let mut first = first.to_vec();
        first.sort_unstable();
        assert!(first.iter().eq(equal.iter().map(|(_, instance)| instance)), "{found:?} are not {listed:?}");
        rest = others;
    }
    assert!(rest.is_empty(), "{found:?} are not {listed:?}");
}

fn instance(answer: Answer) -> Option<(u16, SocketAddr)> {
    let Answer::Instance(priority, port, label) = answer else { return None };
    Some((priority, SocketAddr::new(address(&label), port)))
}

/// The address that a label consists of: digits and dashes.
fn address(label: &[u8]) -> IpAddr {
    let label = String::from_utf8(label.to_vec()).unwrap_or_default();
    let parts: Vec<&str> = label.split('-').collect();
    let numbers: Vec<u8> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    if let (4, Ok(numbers)) = (parts.len(), <[u8; 4]>::try_from(numbers)) {
        return IpAddr::from(numbers);
    }
    assert!(label.chars().all(|digit| digit == '-' || digit.is_ascii_hexdigit()), "{label:?} is no address");
    let address: Ipv6Addr = parts.join(":").parse().unwrap_or_else(|_| panic!("{label:?} is no address"));
    address.into()
}

fn name(text: &str) -> Vec<Vec<u8>> {
    text.split('.').map(|label| label.as_bytes().to_vec()).collect()
}
