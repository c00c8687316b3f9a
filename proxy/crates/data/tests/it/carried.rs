//! What a client of HTTP/1 hears of a server in the mesh that is asked over HTTP/2.

use hauberk_core::endpoint::ProtocolHint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::frames::{DATA, END_HEADERS, HEADERS, OK, PREFACE, SETTINGS, frame};
use crate::support::member::Member;
use crate::support::run;
use crate::support::talk::End;

/// The head and the body of what a client hears whose server answers with these frames.
async fn hears(asked: &str, frames: &[Vec<u8>]) -> (String, String) {
    let member = Member::that_takes(ProtocolHint::Http2).await;
    let (mut client, mut tls) = member.asked(asked).await;
    tls.read_exact(&mut [0; PREFACE.len()]).await.unwrap();
    tls.write_all(&frames.concat()).await.unwrap();
    tls.flush().await.unwrap();
    let (heard, end) = client.rest().await;
    assert_eq!(end, End::Orderly);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[test]
fn an_answer_that_fails_at_once_has_a_body_only_where_the_client_expects_one() {
    run(async {
        let nobodys = frame(DATA, 0, 0, b"of no stream");
        let frames = [frame(SETTINGS, 0, 0, &[]), frame(HEADERS, END_HEADERS, 1, OK), nobodys];
        for (method, has_body) in [("GET", true), ("HEAD", false)] {
            let (head, body) = hears(&format!("{method} / HTTP/1.1\r\nhost: web\r\n\r\n"), &frames).await;
            assert!(head.starts_with("HTTP/1.1 502 ") && head.contains("connection: close"), "{method}: {head}");
            assert_eq!(body.contains("the answer failed at its beginning"), has_body, "{method}: {body}");
            assert_eq!(body.is_empty(), !has_body, "{method}: {body}");
        }
    });
}
