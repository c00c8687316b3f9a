//! HTTP/1 byte by byte: what the program decides, what passes early, and who learns what when a side stops in the middle.

use std::net::SocketAddr;

use hauberk_core::route::{FailureInjector, HttpFilter, Ratio};
use http::StatusCode;
use tokio::net::UnixStream;

use crate::support::run;
use crate::support::table::{balanced, filter};
use crate::support::talk::{End, Talk};
use crate::support::ways::{ALL, Way, Ways};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn pipelined_requests_reach_the_program_one_after_the_other() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say("POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none").await;
            client.say("GET /2 HTTP/1.1\r\nhost: a\r\n\r\n").await;
            let mut program = ways.served().await;
            assert!(program.until("\r\n\r\none").await.starts_with("POST /1 "));
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nf").await;
            client.until("\r\n\r\nf").await;
            assert!(program.is_silent(), "{way:?}: its first answer is not over");
            program.say("irst").await;
            assert!(program.head().await.starts_with("GET /2 "));
            program.say(OK).await;
            let answers = client.until("ok").await;
            assert!(answers.starts_with("irstHTTP/1.1 200 OK\r\n"), "{answers}");
        }
    });
}

#[test]
fn the_program_decides_whether_a_body_is_sent() {
    run(async {
        let ways = Ways::new().await;
        let head = "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(head).await;
            let mut program = ways.served().await;
            assert!(program.head().await.contains("expect: 100-continue\r\n"));
            assert!(client.is_silent(), "{way:?}: nobody but the program may tell it to go on");
            program.say("HTTP/1.1 100 Continue\r\n\r\n").await;
            assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
            client.say("body").await;
            program.until("body").await;
            program.say(OK).await;
            assert!(client.until("ok").await.starts_with("HTTP/1.1 200 OK\r\n"));
            client.say(head).await;
            program.head().await;
            program.say("HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n").await;
            assert!(client.head().await.starts_with("HTTP/1.1 417 "));
            // What would come next could be the body or another request: nobody may guess.
            assert_eq!(client.rest().await, (String::new(), End::Orderly), "{way:?}");
            assert_eq!(program.rest().await.0, "", "{way:?}");
        }
    });
}

#[test]
fn interim_answers_pass_in_their_order_and_not_to_clients_that_do_not_know_them() {
    run(async {
        let ways = Ways::new().await;
        let interim = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
            let mut program = ways.served().await;
            program.head().await;
            program.say(interim).await;
            assert_eq!(client.until("</a>\r\n\r\n").await, interim, "{way:?}: they do not wait for the answer");
            program.say("HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n").await;
            program.say(OK).await;
            let rest = client.until("ok").await;
            assert!(rest.starts_with("HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\nHTTP/1.1 200 OK\r\n"), "{rest}");
            let mut old = ways.client(way).await;
            old.say("GET / HTTP/1.0\r\n\r\n").await;
            program.head().await;
            program.say(format!("{interim}{OK}")).await;
            let (answer, end) = old.rest().await;
            assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\nok"), "{way:?}: {answer}");
            assert_eq!(end, End::Orderly);
        }
    });
}

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
fn trailers_pass_both_ways_without_those_that_would_change_the_message() {
    run(async {
        let ways = Ways::new().await;
        let trailers = "x-sum: 1\r\nContent-Length: 5\r\nhost: b\r\nauthorization: c\r\ntransfer-encoding: gzip\r\n";
        let body = format!("transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n{trailers}\r\n");
        let passed = "2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n";
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(format!("POST / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n{body}")).await;
            let mut program = ways.served().await;
            let head = program.head().await;
            assert!(head.contains("transfer-encoding: chunked\r\n"), "{way:?}: {head}");
            assert_eq!(program.until("0\r\nx-sum: 1\r\n\r\n").await, passed, "{way:?}");
            program.say(format!("HTTP/1.1 200 OK\r\n{body}")).await;
            client.head().await;
            assert_eq!(client.until("0\r\nx-sum: 1\r\n\r\n").await, passed, "{way:?}");
            client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
            assert!(program.head().await.starts_with("GET / "), "{way:?}: nothing of the trailers is left");
            program.say(OK).await;
            client.until("ok").await;
        }
    });
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
fn a_connection_that_the_program_closes_at_the_last_moment_costs_no_post() {
    run(async {
        let ways = Ways::new().await;
        for way in [Way::Outbound, Way::Inbound] {
            let mut client = ways.client(way).await;
            client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
            let mut program = ways.served().await;
            program.head().await;
            program.say(OK).await;
            client.until("ok").await;
            // Both words arrive in one look at the sockets; this task acts on the first before the proxy acts on the second.
            let (near, far) = UnixStream::pair().unwrap();
            assert_eq!(far.try_write(b".").unwrap(), 1);
            client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nonce").await;
            near.readable().await.unwrap();
            drop(program);
            let mut program = ways.served().await;
            program.until("once").await;
            program.say(OK).await;
            assert!(client.until("ok").await.starts_with("HTTP/1.1 200 OK\r\n"), "{way:?}");
        }
    });
}

#[test]
fn a_large_body_goes_up_while_nobody_reads_the_answer() {
    run(async {
        const SIZE: usize = 8 * 1024 * 1024;
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {SIZE}\r\n\r\n")).await;
            let mut program = ways.served().await;
            program.head().await;
            let served = tokio::task::spawn_local(async move {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n");
                program.say_while_hearing(&[head.as_bytes(), &vec![b'y'; SIZE - 1]].concat(), SIZE).await;
                program.say("y").await;
            });
            client.say(vec![b'x'; SIZE]).await;
            client.head().await;
            assert_eq!(client.take(SIZE).await.len(), SIZE, "{way:?}");
            served.await.unwrap();
        }
    });
}

#[test]
fn a_head_may_be_large_in_either_direction_and_not_larger() {
    run(async {
        let ways = Ways::new().await;
        let lines: String = (0..60).map(|number| format!("x-{number}: {}\r\n", "y".repeat(900))).collect();
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(format!("GET / HTTP/1.1\r\nhost: a\r\n{lines}\r\n")).await;
            let mut program = ways.served().await;
            let head = program.head().await;
            assert_eq!(head.matches("\r\nx-").count(), 60, "{way:?}");
            program.say(format!("HTTP/1.1 200 OK\r\n{lines}content-length: 2\r\n\r\nok")).await;
            let head = client.until("\r\n\r\nok").await;
            assert!(head.starts_with("HTTP/1.1 200") && head.matches("\r\nx-").count() == 60, "{way:?}: {head:.200}");
            client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
            program.head().await;
            program.say(format!("HTTP/1.1 200 OK\r\n{}content-length: 2\r\n\r\nok", lines.repeat(2))).await;
            let head = client.head().await;
            assert!(head.starts_with("HTTP/1.1 502 "), "{way:?}: {head}");
            assert_eq!(program.rest().await.0, "", "{way:?}: nothing more is asked over it");
            let mut client = ways.client(way).await;
            client.say(format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", lines.repeat(2))).await;
            let (answer, end) = client.rest().await;
            assert!(answer.starts_with("HTTP/1.1 431 ") && end == End::Orderly, "{way:?}: {end:?} {answer:.200}");
        }
    });
}
