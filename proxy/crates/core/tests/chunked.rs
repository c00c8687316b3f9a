//! Finding the end of chunked bodies.

use hauberk_core::chunked::{Chunked, Malformed, Progress};
use proptest::prelude::*;

fn end(body: &[u8]) -> Result<Progress, Malformed> {
    Chunked::default().advance(body)
}

#[test]
fn the_end_is_found() {
    for body in [
        &b"0\r\n\r\n"[..],
        b"5\r\nhello\r\n0\r\n\r\n",
        b"00A;name=\"v\"\r\n0123456789\r\n000\r\n\r\n",
        b"2\r\n\r\n\r\n0\r\ngrpc-status: 0\r\nx:\r\n\r\n",
    ] {
        let followed = [body, b"GET / HTTP/1.1"].concat();
        assert_eq!(end(&followed), Ok(Progress::Ended(body.len())), "{:?}", String::from_utf8_lossy(body));
    }
}

#[test]
fn what_two_readers_could_read_differently_is_refused() {
    for (body, why) in [
        (&b"\r\n"[..], Malformed::Size),
        (b" 5\r\n", Malformed::Size),
        (b"5 \r\n", Malformed::Size),
        (b"0x5\r\n", Malformed::Size),
        (b"-1\r\n", Malformed::Size),
        (b"5\nhello", Malformed::Size),
        (b"5;a\nhello", Malformed::Size),
        (b"5\rhello", Malformed::LineEnd),
        (b"10000000000000000\r\n", Malformed::Size),
        (b"1\r\nhello", Malformed::LineEnd),
        (b"1\r\nh\n", Malformed::LineEnd),
        (b"0\r\n x: y\r\n\r\n", Malformed::Trailers),
        (b"0\r\nx : y\r\n\r\n", Malformed::Trailers),
        (b"0\r\nx\r\n\r\n", Malformed::Trailers),
        (b"0\r\nx: y\n\r\n", Malformed::Trailers),
        (b"0\r\n\rx", Malformed::LineEnd),
    ] {
        assert_eq!(end(body), Err(why), "{:?}", String::from_utf8_lossy(body));
    }
}

#[test]
fn endless_lines_are_refused() {
    let extension = [b"1;", &vec![b'a'; 300][..]].concat();
    assert_eq!(end(&extension), Err(Malformed::Size));
    assert_eq!(end(&vec![b'0'; 300]), Err(Malformed::Size));
    let trailers = [&b"0\r\n"[..], &b"x: y\r\n".repeat(8000)].concat();
    assert_eq!(end(&trailers), Err(Malformed::Trailers));
}

proptest! {
    #[test]
    fn pieces_do_not_matter(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..5),
        trailers in prop::collection::vec("[a-z-]{1,9}: [ -~]{0,9}\r\n", 0..3),
        cuts in prop::collection::vec(1usize..12, 1..9),
    ) {
        let mut body = Vec::new();
        for chunk in &chunks {
            body.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()).chain(*b"\r\n"));
        }
        body.extend(format!("0\r\n{}\r\n", trailers.concat()).bytes());
        let mut follower = Chunked::default();
        let (mut at, mut cuts) = (0, cuts.iter().cycle());
        while at < body.len() {
            let to = cuts.next().map_or(body.len(), |step| (at + step).min(body.len()));
            let expected = if to == body.len() { Progress::Ended(to - at) } else { Progress::Within };
            prop_assert_eq!(follower.advance(&body[at..to]), Ok(expected));
            at = to;
        }
        prop_assert_eq!(follower.advance(b"GET"), Ok(Progress::Ended(0)));
    }

    #[test]
    fn arbitrary_bytes_are_survived(bytes in "[0-9a-f;\r\n: x]{0,40}") {
        if let Ok(Progress::Ended(length)) = end(bytes.as_bytes()) {
            prop_assert!(length <= bytes.len() && bytes.as_bytes()[..length].ends_with(b"\r\n\r\n"));
        }
    }
}
