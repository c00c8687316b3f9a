//! The header of a direct connection: read as protobuf reads it, the same whatever follows, and again as it was written.
#![no_main]

use hauberk_core::transport_header::{ALPN, Decoded, Header, MAX, Session, decode};
use libfuzzer_sys::fuzz_target;
use prost::Message;

/// `io.linkerd.proxy.transport.Header` of the contract.
#[derive(Clone, PartialEq, Message)]
struct Contract {
    #[prost(int32, tag = "1")]
    port: i32,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, optional, tag = "3")]
    session: Option<SessionProtocol>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionProtocol {
    #[prost(oneof = "Kind", tags = "1, 2")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Kind {
    #[prost(message, tag = "1")]
    Http1(Empty),
    #[prost(message, tag = "2")]
    Http2(Empty),
}

#[derive(Clone, PartialEq, Message)]
struct Empty {}

fuzz_target!(|bytes: &[u8]| {
    let decoded = decode(bytes);
    for length in 0..bytes.len().min(MAX) {
        let part = decode(&bytes[..length]);
        assert!(part == Decoded::NeedMore || part == decoded, "{part:?} became {decoded:?} after {length} bytes");
    }
    assert!(bytes.len() < MAX || decoded != Decoded::NeedMore, "it waits for more than it takes");
    let Decoded::Done(header, used) = decoded else { return };
    let again = header.encode();
    assert_eq!(decode(&again), Decoded::Done(header.clone(), again.len()));
    if let Ok(contract) = Contract::decode(&bytes[ALPN.len() + 8..used]) {
        assert_eq!(header, read(contract));
    }
});

fn read(contract: Contract) -> Header {
    let session = contract.session.and_then(|session| session.kind).map(|kind| match kind {
        Kind::Http1(_) => Session::Http1,
        Kind::Http2(_) => Session::Http2,
    });
    let name = Some(contract.name).filter(|name| !name.is_empty()).map(Into::into);
    Header { port: u16::try_from(contract.port).unwrap_or_default(), name, session }
}
