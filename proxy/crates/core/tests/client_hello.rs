//! Reading the server name of a ClientHello.

use hauberk_core::client_hello::{ClientHello, MAX, parse};
use proptest::prelude::*;

/// What OpenSSL 3 sends to `Web.Default.Example`.
const OPENSSL: &[u8] = include_bytes!("data/openssl_client_hello.bin");

fn vector8(content: &[u8]) -> Vec<u8> {
    [&[content.len() as u8], content].concat()
}

fn vector16(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u16).to_be_bytes(), content].concat()
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(content)].concat()
}

fn server_name(name: &[u8]) -> Vec<u8> {
    extension(0, &vector16(&[&[0][..], &vector16(name)].concat()))
}

/// A ClientHello message with these extensions.
fn hello(extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend(vector8(&[9; 32]));
    body.extend(vector16(&[0x13, 0x01]));
    body.extend(vector8(&[0]));
    body.extend(vector16(&extensions.concat()));
    let mut message = vec![1];
    message.extend(&(body.len() as u32).to_be_bytes()[1..]);
    message.extend(body);
    message
}

/// A message in records of at most `size` bytes.
fn records(message: &[u8], size: usize) -> Vec<u8> {
    message.chunks(size).flat_map(|chunk| [&[22, 3, 1][..], &vector16(chunk)].concat()).collect()
}

fn found(name: &str) -> ClientHello {
    ClientHello::Found { sni: Some(name.to_owned()) }
}

#[test]
fn the_name_that_openssl_sends_is_found_in_lower_case() {
    assert_eq!(parse(OPENSSL), found("web.default.example"));
    for end in 0..OPENSSL.len() {
        assert_eq!(parse(&OPENSSL[..end]), ClientHello::NeedMore, "after {end} bytes");
    }
}

#[test]
fn a_hello_without_a_name_is_one() {
    let bytes = records(&hello(&[extension(43, &[2, 3, 4])]), 4096);
    assert_eq!(parse(&bytes), ClientHello::Found { sni: None });
}

#[test]
fn the_versions_that_a_server_must_not_judge_by_do_not_matter() {
    for version in [[3, 1], [3, 4], [3, 9], [2, 0], [0x7f, 0x1c]] {
        let mut message = hello(&[server_name(b"a.b"), extension(43, &[2, 3, 4])]);
        message[4..6].copy_from_slice(&version);
        assert_eq!(parse(&records(&message, 4096)), found("a.b"), "{version:?}");
    }
    for minor in [0, 4, 5, 0xff] {
        let mut bytes = records(&hello(&[server_name(b"a.b")]), 4096);
        bytes[2] = minor;
        assert_eq!(parse(&bytes), found("a.b"), "a record of 3.{minor}");
    }
}

#[test]
fn what_follows_in_a_later_record_does_not_matter() {
    let mut bytes = records(&hello(&[server_name(b"a.b")]), 4096);
    bytes.extend([23, 3, 3, 0, 1, 0]);
    assert_eq!(parse(&bytes), found("a.b"));
}

#[test]
fn malformed_hellos_are_invalid() {
    let name = server_name(b"a.b");
    let mut shares_a_record = hello(std::slice::from_ref(&name));
    shares_a_record.push(0);
    let mut short_list = hello(std::slice::from_ref(&name));
    let end = short_list.len();
    short_list[end - 4] = 9; // the name claims to be longer than its list
    let cases = [
        ("two names", hello(&[name.clone(), name])),
        ("an empty name", hello(&[server_name(b"")])),
        ("a final dot", hello(&[server_name(b"a.b.")])),
        ("no DNS name", hello(&[server_name(b"a b")])),
        ("no UTF-8", hello(&[server_name(b"\xff")])),
        ("too long a name", hello(&[server_name(&[b'a'; 254])])),
        ("an empty list", hello(&[extension(0, &[0, 0])])),
        ("something after it in its record", shares_a_record),
        ("a length beyond the end", short_list),
        ("a ServerHello", vec![2, 0, 0, 2, 3, 3]),
    ];
    for (what, message) in cases {
        assert_eq!(parse(&records(&message, 4096)), ClientHello::Invalid, "{what}");
    }
    for bytes in [&b"GET / HTTP/1.1"[..], &[22, 2], &[22, 3, 1, 0, 0], &[22, 3, 1, 0xff, 0xff]] {
        assert_eq!(parse(bytes), ClientHello::Invalid, "{bytes:?}");
    }
}

#[test]
fn a_hello_that_is_too_long_is_not_waited_for() {
    let padding = extension(21, &vec![0; MAX]);
    let bytes = records(&hello(&[server_name(b"a.b"), padding]), 16384);
    assert_eq!(parse(&bytes[..20]), ClientHello::Invalid);
    let crumbs: Vec<u8> = records(&hello(&[server_name(b"a.b"), extension(21, &vec![0; MAX / 2])]), 1);
    assert_eq!(parse(&crumbs[..MAX - 1]), ClientHello::NeedMore);
    assert_eq!(parse(&crumbs[..MAX]), ClientHello::Invalid);
    assert_eq!(parse(&crumbs), ClientHello::Invalid);
}

proptest! {
    #[test]
    fn any_split_into_records_and_reads_gives_the_same(
        name in "[a-z0-9-]{1,20}(\\.[a-z0-9-]{1,20}){0,3}",
        padding in 0usize..600,
        first in any::<bool>(),
        size in 1usize..900,
    ) {
        let mut extensions = vec![server_name(name.as_bytes()), extension(21, &vec![0; padding])];
        if first { extensions.reverse() }
        let bytes = records(&hello(&extensions), size);
        prop_assert!(bytes.len() < MAX);
        for end in 0..bytes.len() {
            prop_assert_eq!(parse(&bytes[..end]), ClientHello::NeedMore);
        }
        prop_assert_eq!(parse(&bytes), found(&name));
    }

    #[test]
    fn damage_is_survived_and_verdicts_stay(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = OPENSSL.to_vec();
        for (place, value) in places {
            let at = place.index(bytes.len().min(160)); // the lengths that matter
            bytes[at] = value;
        }
        let verdicts: Vec<_> = (0..=bytes.len()).map(|end| parse(&bytes[..end])).collect();
        for pair in verdicts.windows(2) {
            prop_assert!(pair[0] == ClientHello::NeedMore || pair[0] == pair[1]);
        }
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        parse(&bytes);
        let message = [&[1, 0, 0, bytes.len() as u8][..], &bytes].concat();
        prop_assert_ne!(parse(&records(&message, 4096)), ClientHello::NeedMore);
    }
}
