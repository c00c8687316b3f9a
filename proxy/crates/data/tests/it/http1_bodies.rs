//! Bodies of HTTP/1 that one side does not read, or does not send, to the end.

use std::net::SocketAddr;

use hauberk_core::route::{FailureInjector, HttpFilter, Ratio};
use http::StatusCode;

use crate::support::run;
use crate::support::table::{balanced, filter};
use crate::support::talk::{End, Talk};
use crate::support::ways::{ALL, Way, Ways};

#[test]
fn a_body_that_ends_with_its_connection_has_an_end_for_every_client() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            for breaks_off in [false, true] {
                let mut client = ways.client(way).await;
                client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
                answers_until_close(&ways, &mut client, breaks_off).await;
                let (rest, _) =
                    if breaks_off { client.rest().await } else { (client.until("0\r\n\r\n").await, End::Orderly) };
                assert_eq!(rest.ends_with("\r\n0\r\n\r\n"), !breaks_off, "{way:?}: {rest:?}");
                let mut old = ways.client(way).await;
                old.say("GET / HTTP/1.0\r\n\r\n").await;
                answers_until_close(&ways, &mut old, breaks_off).await;
                let end = if breaks_off { End::Reset } else { End::Orderly };
                assert_eq!(old.rest().await, (String::new(), end), "{way:?}");
            }
        }
    });
}

#[test]
fn an_answer_that_makes_no_sense_from_its_first_byte_on_is_none_of_which_a_part_is_passed_on() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            for version in ["1.1", "1.0"] {
                let mut client = ways.client(way).await;
                client.say(&format!("GET / HTTP/{version}\r\nhost: a\r\n\r\n")).await;
                let mut program = ways.served().await;
                program.head().await;
                program.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n").await;
                let head = client.head().await;
                assert!(head.contains(" 502 "), "{way:?}: {head}");
                // Who is not in the mesh need not know.
                assert_eq!(head.contains("\r\nl5d-proxy-error: "), way != Way::Inbound, "{way:?}: {head}");
            }
        }
    });
}

async fn answers_until_close(ways: &Ways, client: &mut Talk, breaks_off: bool) {
    let mut program = ways.served().await;
    program.head().await;
    program.say("HTTP/1.0 200 OK\r\n\r\nhalf").await;
    client.until("half").await;
    if breaks_off {
        program.reset();
    }
}

#[test]
fn a_program_may_answer_before_it_has_read_a_large_body() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            for reads_on in [true, false] {
                let mut client = ways.client(way).await;
                client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n").await;
                let mut program = ways.served().await;
                program.head().await;
                // It reads nothing until it cannot say anything any more.
                let client = tokio::task::spawn_local(async move {
                    while client.try_say(&[b'x'; 64 * 1024]).await {}
                    client.rest().await.0
                });
                program.take(1024 * 1024).await;
                program
                    .say("HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 3\r\n\r\nbig")
                    .await;
                if reads_on {
                    program.say_no_more().await;
                    program.rest().await;
                } else {
                    drop(program);
                }
                let answer = client.await.unwrap();
                assert!(
                    answer.starts_with("HTTP/1.1 413 ") && answer.ends_with("big"),
                    "{way:?} {reads_on}: {answer:?}"
                );
            }
        }
    });
}

#[test]
fn a_body_that_nobody_reads_costs_the_connection_only_if_it_is_large() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        let ratio = Ratio { numerator: 1, denominator: 1 };
        let fail = FailureInjector { status: StatusCode::FORBIDDEN, message: "for the test".into(), ratio };
        ways.table.target.send_replace(Some(balanced(filter(HttpFilter::Fail(fail)))));
        let mut client = Talk::to(addr).await;
        let small = format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{}", "x".repeat(1000));
        client.say(small.repeat(2)).await;
        for _ in 0..2 {
            assert!(client.answer().await.starts_with("HTTP/1.1 403 "));
        }
        // One who stops soon hears the answer and an orderly end, whatever is under way.
        let mut client = Talk::to(addr).await;
        client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n").await;
        client.say(vec![b'x'; 300_000]).await;
        let (answer, end) = client.rest().await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && end == End::Orderly, "{end:?} {answer:?}");
        assert!(client.try_say(b"more").await, "it is listened to for a while");
        let large = refused_while_sending(addr).await;
        assert!(large.starts_with("HTTP/1.1 403 "), "{large:?}");
        assert_eq!(large.matches("HTTP/1.1").count(), 1, "what follows is no request: {large:?}");
    });
}

/// The answer to a client that reads nothing until it cannot send any more.
async fn refused_while_sending(addr: SocketAddr) -> String {
    let mut client = Talk::to(addr).await;
    client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n").await;
    let part = "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000);
    while client.try_say(part.as_bytes()).await {}
    client.rest().await.0
}

#[test]
fn a_client_that_says_no_more_after_its_request_gets_the_answer() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody").await;
            client.say_no_more().await;
            let mut program = ways.served().await;
            program.until("body").await;
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nf").await;
            client.until("\r\n\r\nf").await;
            program.say("irst").await;
            assert_eq!(client.rest().await, ("irst".into(), End::Orderly), "{way:?}");
        }
    });
}

#[test]
fn a_client_that_goes_away_in_its_body_leaves_no_whole_request() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo").await;
            let mut program = ways.served().await;
            program.until("\r\n\r\nbo").await;
            client.say_no_more().await;
            assert_eq!(program.rest().await.0, "", "{way:?}");
        }
    });
}

#[test]
fn a_large_body_goes_up_while_nobody_reads_the_answer() {
    run(async {
        // More than all kernel buffers on the way hold.
        const UP: usize = 32 * 1024 * 1024;
        const DOWN: usize = 8 * 1024 * 1024;
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = Talk::to_with_little_room(ways.through(way)).await;
            client.say(format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {UP}\r\n\r\n")).await;
            let mut program = ways.served().await;
            program.head().await;
            let served = tokio::task::spawn_local(async move {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {DOWN}\r\n\r\n");
                program.say_while_hearing(&[head.as_bytes(), &vec![b'y'; DOWN - 1]].concat(), UP).await;
                program.say("y").await;
            });
            client.say(vec![b'x'; UP]).await;
            client.head().await;
            assert_eq!(client.take(DOWN).await.len(), DOWN, "{way:?}");
            served.await.unwrap();
        }
    });
}
