//! The header of direct connections.

use std::sync::Arc;

use hauberk_core::transport_header::{Decoded, Header, MAX, Session, decode};
use proptest::prelude::*;

const PREFACE: &[u8] = b"transport.l5d.io/v1\r\n\r\n";

fn framed(message: &[u8]) -> Vec<u8> {
    [PREFACE, &(message.len() as u32).to_be_bytes(), message].concat()
}

fn of(message: &[u8]) -> Option<Header> {
    match decode(&framed(message)) {
        Decoded::Done(header, _) => Some(header),
        _ => None,
    }
}

fn opaque(port: u16) -> Header {
    Header { port, name: None, session: None }
}

#[test]
fn the_bytes_are_those_of_the_contract() {
    let header = Header { port: 8080, name: Some("web:80".into()), session: Some(Session::Http2) };
    let expected = b"transport.l5d.io/v1\r\n\r\n\0\0\0\x0f\x08\x90\x3f\x12\x06web:80\x1a\x02\x12\0";
    assert_eq!(header.encode(), expected);
    assert_eq!(opaque(1).encode(), b"transport.l5d.io/v1\r\n\r\n\0\0\0\x02\x08\x01");
}

#[test]
fn fields_follow_the_rules_of_protobuf() {
    assert_eq!(of(b"\x08\x01\x08\x02"), Some(opaque(2)), "the last value counts");
    assert_eq!(of(b"\x08\x81\x00"), Some(opaque(1)), "numbers may be padded");
    assert_eq!(of(b"\x08\x01\x12\x00\x1a\x00"), Some(opaque(1)), "empty is the default");
    assert_eq!(of(b"\x1a\x02\x0a\x00\x1a\x02\x12\x00\x08\x01").and_then(|h| h.session), Some(Session::Http2));
    assert_eq!(of(b"\x1a\x02\x0a\x00\x1a\x00\x08\x01").and_then(|h| h.session), Some(Session::Http1), "parts merge");
    let unknown = b"\x08\x01\x20\x07\x29AAAAAAAA\x32\x02hi\x3dBBBB\x1a\x02\x1a\x00";
    assert_eq!(of(unknown), Some(opaque(1)), "unknown fields are skipped");
}

#[test]
fn what_makes_no_sense_is_invalid() {
    let cases: [&[u8]; 13] = [
        b"",                                             // no port
        b"\x08\x00",                                     // port 0
        b"\x08\x80\x80\x04",                             // port 65536
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // port -1
        b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", // no 64 bits
        b"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x02", // no 64 bits
        b"\x08",                                         // cut off
        b"\x08\x01\x12\x05ab",                           // cut off
        b"\x08\x01\x12\x01\xff",                         // no text
        b"\x08\x01\x12\x03a\r\n",                        // no host
        b"\x0a\x00",                                     // port of another type
        b"\x08\x01\x03",                                 // field 0
        b"\x08\x01\x1a\x02\x08\x01",                     // session of another type
    ];
    for message in cases {
        assert!(matches!(decode(&framed(message)), Decoded::Invalid(_)), "{message:?}");
    }
    assert!(matches!(decode(b"transport.l5d.io/v2"), Decoded::Invalid(_)));
    assert!(
        matches!(decode(&[PREFACE, b"\0\x01\0\0"].concat()), Decoded::Invalid(_)),
        "too long, known before it arrives"
    );
}

fn headers() -> impl Strategy<Value = Header> {
    let session = prop::option::of(prop_oneof![Just(Session::Http1), Just(Session::Http2)]);
    let name = prop::option::of("[a-z0-9.-]{1,253}".prop_map(Arc::from));
    (1u16.., name, session).prop_map(|(port, name, session)| Header { port, name, session })
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_however_it_arrives(header in headers(), rest in prop::collection::vec(any::<u8>(), 0..9)) {
        let mut bytes = header.encode();
        let length = bytes.len();
        prop_assert!(length <= MAX);
        for end in 0..length {
            prop_assert_eq!(decode(&bytes[..end]), Decoded::NeedMore);
        }
        bytes.extend(rest);
        prop_assert_eq!(decode(&bytes), Decoded::Done(header, length));
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        decode(&bytes);
        prop_assert_ne!(decode(&framed(&bytes)), Decoded::NeedMore);
        let mut bytes = bytes;
        bytes.resize(MAX, 0);
        prop_assert_ne!(decode(&[PREFACE, &bytes].concat()), Decoded::NeedMore);
    }
}
