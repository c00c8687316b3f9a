//! Recognising protocols by their first bytes.

use hauberk_core::detect::{Detected, detect, is_http_prefix};
use proptest::prelude::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[test]
fn protocols_are_told_apart() {
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n"[..], Detected::Http1),
        (b"M-SEARCH * HTTP/1.0", Detected::Http1),
        (b"CONNECT db:5432 HTTP/1.1\r\n", Detected::Http1),
        (b"PROPFIND http://a/b HTTP/1.1", Detected::Http1),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0", Detected::Http2),
        (b"PRI * HTTP/2.0\r\n\r\nXY", Detected::Opaque),
        (b"\x16\x03\x01\x02\x00\x01\x00", Detected::Tls),
        (b"\x16\x03\x01\x02\x00\x02", Detected::Opaque),
        (b"\x16\x02", Detected::Opaque),
        (b"GET / HTTP/3.0", Detected::Opaque),
        (b"GET /\r\n", Detected::Opaque),
        (b"GET  / HTTP/1.1", Detected::Opaque),
        (b"*1\r\n$4\r\nPING\r\n", Detected::Opaque),
        (b"PING\r\n", Detected::Opaque),
        (b"EHLO mail.example\r\n", Detected::Opaque),
        (b"hello", Detected::Opaque),
        (b"12345", Detected::Opaque),
        (b"\0\0\0\x08\x04\xd2\x16\x2f", Detected::Opaque),
        (b"AMETHODLONGERTHANANYMETHOD", Detected::Opaque),
        (b"", Detected::NeedMore),
        (b"PING", Detected::NeedMore),
    ] {
        assert_eq!(detect(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn what_begins_a_request_is_http_even_if_nothing_follows() {
    let known = [&b"G"[..], b"GET", b"GET ", b"DELETE /long", b"POST / HTTP/1", b"PRI * HT", b"GET / HTTP/1.1\r\n"];
    let rarer = [&b"REP"[..], b"PROPFIND ", b"PURGE", b"BASELINE-CONTROL /a", b"\r\nGE", b"\r\nODD /a HTTP"];
    for bytes in known.into_iter().chain(rarer) {
        assert!(is_http_prefix(bytes), "{:?}", String::from_utf8_lossy(bytes));
    }
    for bytes in [&b""[..], b"PING", b"EHLO x", b"\x16", b"\x16\x03\x01\0\x01\x01", b"GETX", b"hello", b"\r", b"\r\n"] {
        assert!(!is_http_prefix(bytes), "{:?}", String::from_utf8_lossy(bytes));
    }
}

/// Bytes that come near to something that is recognised.
fn near() -> impl Strategy<Value = Vec<u8>> {
    let starts = prop_oneof![
        Just(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()),
        Just(PREFACE.to_vec()),
        Just(b"PRI * HTTP/1.1\r\n".to_vec()),
        Just(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc".to_vec()),
        "[A-Z]{1,26} [!-~]{0,20} HTTP/[0-3]".prop_map(String::into_bytes),
        Just(Vec::new()),
    ];
    (starts, any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 0..8)).prop_map(
        |(mut bytes, cut, rest)| {
            bytes.truncate(cut.index(bytes.len() + 1));
            bytes.extend(rest);
            bytes
        },
    )
}

#[test]
fn a_preface_is_waited_for() {
    for end in 0..PREFACE.len() {
        assert_eq!(detect(&PREFACE[..end]), Detected::NeedMore, "after {end} bytes");
    }
}

proptest! {
    #[test]
    fn a_verdict_never_changes_with_more_bytes(bytes in near()) {
        let verdicts: Vec<_> = (0..=bytes.len()).map(|end| detect(&bytes[..end])).collect();
        for pair in verdicts.windows(2) {
            prop_assert!(pair[0] == Detected::NeedMore || pair[0] == pair[1], "{verdicts:?}");
        }
    }

    #[test]
    fn a_request_line_is_http_however_it_is_split(method in "[A-Z][A-Z0-9_-]{0,20}", target in "[!-~]{1,40}") {
        let line = format!("{method} {target} HTTP/1.1\r\n");
        for end in 0..line.len() {
            let seen = detect(&line.as_bytes()[..end]);
            prop_assert!(matches!(seen, Detected::NeedMore | Detected::Http1), "{end}: {seen:?}");
        }
        prop_assert_eq!(detect(line.as_bytes()), Detected::Http1);
    }
}
