//! How a server in the mesh ends its TLS, and what its client makes of an answer that has no other end.

use hauberk_core::endpoint::ProtocolHint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::member::Member;
use crate::support::run;
use crate::support::talk::End;

/// A client of HTTP/1 asks, or sends bytes that are no request; the server answers, and ends with or without a close_notify.
async fn ends(said: &str, answer: &'static str, with_a_word: bool) -> (String, End) {
    let member = Member::that_takes(ProtocolHint::Unknown).await;
    let (mut client, mut tls) = member.asked(said).await;
    tls.read_exact(&mut [0; 10]).await.unwrap();
    tls.write_all(answer.as_bytes()).await.unwrap();
    tls.flush().await.unwrap();
    match with_a_word {
        true => tls.shutdown().await.unwrap(),
        false => tls.get_mut().0.shutdown().await.unwrap(), // of the socket alone
    }
    client.rest().await
}

#[test]
fn an_answer_that_ends_with_its_connection_is_whole_by_the_servers_word_only() {
    run(async {
        let (ask, head) = ("GET / HTTP/1.0\r\nhost: web\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nan answer");
        for (said, answer) in [(ask, head), ("\0 is no request", "an answer")] {
            let (heard, end) = ends(said, answer, true).await;
            assert!(heard.ends_with("an answer"), "{heard}");
            assert_eq!(end, End::Orderly, "{said}");
            // Who has heard nothing yet can still be told.
            let (heard, end) = ends(said, answer, false).await;
            assert!(end == End::Reset || heard.starts_with("HTTP/1.0 502 "), "{said}: {heard}");
        }
    });
}
