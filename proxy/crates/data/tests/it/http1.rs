//! Messages of HTTP/1 byte by byte: what the program decides, and what passes before its answer.

use tokio::net::UnixStream;

use crate::support::run;
use crate::support::talk::End;
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
