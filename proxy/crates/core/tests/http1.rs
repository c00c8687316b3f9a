//! The strict look at heads of HTTP/1 requests.

use bytes::BytesMut;
use hauberk_core::http1::Framing;
use hauberk_core::http1::refusal::Refusal;
use hauberk_core::http1::request::take;
use proptest::prelude::*;

const MAX: usize = 4096;

/// What the bytes of a head are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    NeedMore,
    Ok(Head),
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    length: usize,
    body: Framing,
}

fn check(bytes: &[u8], max: usize) -> Checked {
    let mut buffer = BytesMut::from(bytes);
    match take(&mut buffer, max) {
        Ok(Some(head)) => Checked::Ok(Head { length: bytes.len() - buffer.len(), body: head.framing }),
        Ok(None) => Checked::NeedMore,
        Err(refusal) => Checked::Refused(refusal),
    }
}

fn of(head: &str) -> Checked {
    check(head.as_bytes(), MAX)
}

/// The refusal of a request with these header lines.
fn refusal(headers: &str) -> Option<Refusal> {
    match of(&format!("POST /a HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n")) {
        Checked::Refused(refusal) => Some(refusal),
        _ => None,
    }
}

#[test]
fn whole_heads_say_what_follows() {
    for (head, body) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Framing::Length(0)),
        ("GET / HTTP/1.0\r\n\r\n", Framing::Length(0)),
        ("\r\n\r\nGET / HTTP/1.1\r\nhost:\r\n\r\n", Framing::Length(0)),
        ("POST /a?b HTTP/1.1\r\nhost: [::1]:80\r\nContent-Length: 007 \r\n\r\n", Framing::Length(7)),
        ("OPTIONS * HTTP/1.1\r\nhost: a\r\nTransfer-Encoding:\tChunked\r\n\r\n", Framing::Chunked),
        ("CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", Framing::Length(0)),
        ("GET / HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\n\r\n", Framing::Length(0)),
    ] {
        let followed = format!("{head}GET");
        assert_eq!(of(&followed), Checked::Ok(Head { length: head.len(), body }), "{head:?}");
    }
}

#[test]
fn a_length_is_passed_on_without_zeros_before_it() {
    for (said, means) in [("007", "7"), ("0000000000000000000000", "0"), ("0", "0"), ("10", "10")] {
        let mut buffer = BytesMut::from(&*format!("PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: {said}\r\n\r\n"));
        let head = take(&mut buffer, MAX).unwrap().unwrap();
        assert_eq!(head.request.headers()["content-length"], means, "{said}");
    }
}

#[test]
fn lengths_with_two_meanings_are_refused() {
    for (headers, expected) in [
        ("content-length: 5\r\ntransfer-encoding: chunked", Refusal::LengthAndEncoding),
        ("transfer-encoding: chunked\r\ncontent-length: 5", Refusal::LengthAndEncoding),
        ("content-length: 5\r\ncontent-length: 6", Refusal::ContentLength),
        ("content-length: 5\r\nContent-Length: 5", Refusal::ContentLength),
        ("content-length: 5, 5", Refusal::ContentLength),
        ("content-length: +5", Refusal::ContentLength),
        ("content-length: -5", Refusal::ContentLength),
        ("content-length: 0x5", Refusal::ContentLength),
        ("content-length: 5 5", Refusal::ContentLength),
        ("content-length:", Refusal::ContentLength),
        ("content-length: 9223372036854775808", Refusal::ContentLength),
        ("content-length: 18446744073709551616", Refusal::ContentLength),
        ("transfer-encoding: gzip, chunked", Refusal::TransferEncoding),
        ("transfer-encoding: chunked, chunked", Refusal::TransferEncoding),
        ("transfer-encoding: chunked\r\ntransfer-encoding: chunked", Refusal::TransferEncoding),
        ("transfer-encoding: identity", Refusal::TransferEncoding),
        ("transfer-encoding: xchunked", Refusal::TransferEncoding),
        ("transfer-encoding: \x0bchunked", Refusal::HeaderValue),
        ("transfer-encoding: \x0cchunked", Refusal::HeaderValue),
        ("transfer-encoding:", Refusal::TransferEncoding),
    ] {
        assert_eq!(refusal(headers), Some(expected), "{headers:?}");
    }
    let old = "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(of(old), Checked::Refused(Refusal::EncodingInHttp10));
}

#[test]
fn lines_with_two_meanings_are_refused() {
    for (headers, expected) in [
        ("transfer-encoding : chunked", Refusal::HeaderName),
        ("transfer-encoding\0: chunked", Refusal::HeaderName),
        ("no colon", Refusal::HeaderName),
        (": no name", Refusal::HeaderName),
        ("a: b\r\n c: d", Refusal::Folded),
        ("a: b\r\n\tc", Refusal::Folded),
        ("a: b\nc: d", Refusal::BareLineEnd),
        ("a: b\rc: d", Refusal::BareLineEnd),
        ("a: b\r\r\nc: d", Refusal::BareLineEnd),
        ("a: b\0c", Refusal::HeaderValue),
        ("a: \x7f", Refusal::HeaderValue),
        ("host: b", Refusal::Host),
    ] {
        assert_eq!(refusal(headers), Some(expected), "{headers:?}");
    }
    for (head, expected) in [
        ("GET / HTTP/1.1\r\n\r\n", Refusal::Host),
        ("GET / HTTP/1.1\r\nhost: a, b\r\n\r\n", Refusal::Host),
        ("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", Refusal::Host),
        ("GET  / HTTP/1.1\r\n", Refusal::RequestLine),
        ("GET /a b HTTP/1.1\r\n", Refusal::RequestLine),
        ("GET / HTTP/1.1 \r\n", Refusal::RequestLine),
        ("GET / HTTP/1.2\r\n", Refusal::RequestLine),
        ("GET /\r\n", Refusal::RequestLine),
        (" GET / HTTP/1.1\r\n", Refusal::RequestLine),
        ("GET /\t HTTP/1.1\r\n", Refusal::RequestLine),
        ("G\u{e9}T / HTTP/1.1\r\n", Refusal::RequestLine),
        ("GET / HTTP/1.1\n", Refusal::BareLineEnd),
        ("\nGET / HTTP/1.1\r\n", Refusal::BareLineEnd),
        ("GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("GET * HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("GET a HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("GET a:1 HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("GET a~b://c/d HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("GET 1://c/d HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("CONNECT / HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
        ("CONNECT a HTTP/1.1\r\nhost: a\r\n\r\n", Refusal::Target),
    ] {
        assert_eq!(of(head), Checked::Refused(expected), "{head:?}");
    }
}

#[test]
fn a_head_has_a_greatest_length() {
    let head = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    assert!(matches!(check(head.as_bytes(), head.len()), Checked::Ok(_)));
    assert_eq!(check(head.as_bytes(), head.len() - 1), Checked::Refused(Refusal::TooLong));
    assert_eq!(check(&[b'A'; MAX - 1], MAX), Checked::NeedMore);
    assert_eq!(check(&[b'A'; MAX], MAX), Checked::Refused(Refusal::TooLong));
}

/// Heads that are right or nearly so.
fn heads() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "[a-z-]{1,12}: ?[ -~]{0,20}",
        1 => Just("content-length: 12".to_owned()),
        1 => Just("transfer-encoding: chunked".to_owned()),
        1 => "[ -~\t\r\n]{0,12}",
    ];
    let end = prop_oneof![9 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r")];
    let lines = prop::collection::vec((line, end), 0..5);
    ("(GET|PUT) /[!-~]{0,9} HTTP/1.[01]", lines).prop_map(|(first, lines)| {
        let lines: String = lines.into_iter().map(|(line, end)| line + end).collect();
        format!("{first}\r\nhost: a\r\n{lines}\r\n")
    })
}

proptest! {
    #[test]
    fn what_passes_means_the_same_to_a_parser(head in heads()) {
        if let Checked::Ok(found) = of(&head) {
            let mut headers = [httparse::EMPTY_HEADER; 32];
            let mut parsed = httparse::Request::new(&mut headers);
            prop_assert_eq!(parsed.parse(head.as_bytes()), Ok(httparse::Status::Complete(found.length)));
            let value = |name: &str| parsed.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value);
            let expected = match (value("transfer-encoding"), value("content-length")) {
                (Some(_), _) => Framing::Chunked,
                (None, Some(b"12")) => Framing::Length(12),
                (None, _) => Framing::Length(0),
            };
            prop_assert_eq!(found.body, expected);
        }
    }

    #[test]
    fn a_verdict_never_changes_with_more_bytes(head in heads(), max in 20usize..120) {
        let verdicts: Vec<_> = (0..=head.len()).map(|end| check(&head.as_bytes()[..end], max)).collect();
        for pair in verdicts.windows(2) {
            prop_assert!(pair[0] == Checked::NeedMore || pair[0] == pair[1]);
        }
        prop_assert_ne!(check(&[head.as_bytes(), &[b'x'; 120]].concat(), max), Checked::NeedMore);
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..80), max in 0usize..100) {
        check(&bytes, max);
    }
}
