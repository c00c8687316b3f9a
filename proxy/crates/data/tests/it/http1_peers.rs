//! What clients and programs of HTTP/1 say of themselves and of their connections, and what it means on the other side.

use crate::support::run;
use crate::support::talk::{End, Talk};
use crate::support::ways::{ALL, Way, Ways};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn ask(ways: &Ways, client: &mut Talk, request: &str) -> (Talk, String) {
    client.say(request).await;
    let mut program = ways.served().await;
    let head = program.head().await;
    (program, head)
}

#[test]
fn a_client_that_closes_its_connection_closes_not_that_of_the_program() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            let (mut program, head) =
                ask(&ways, &mut client, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
            assert!(!head.contains("connection:"), "{way:?}: it is for one hop: {head}");
            program.say(OK).await;
            let (answer, end) = client.rest().await;
            assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("ok"), "{way:?}: {answer}");
            assert_eq!(end, End::Orderly);
            let mut next = ways.client(way).await;
            next.say("GET /next HTTP/1.1\r\nhost: a\r\n\r\n").await;
            assert!(program.head().await.starts_with("GET /next "), "{way:?}");
            program.say(OK).await;
            next.until("ok").await;
        }
    });
}

#[test]
fn a_program_that_closes_its_connection_closes_not_that_of_the_client() {
    run(async {
        let ways = Ways::new().await;
        let closing = [
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok",
            "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        ];
        for way in ALL {
            let mut client = ways.client(way).await;
            for answer in closing {
                let (mut program, _) = ask(&ways, &mut client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
                program.say(answer).await;
                let answer = client.until("ok").await;
                assert!(
                    answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("connection:"),
                    "{way:?}: {answer}"
                );
                assert_eq!(program.rest().await.0, "", "{way:?}: nothing more is asked over it");
            }
        }
    });
}

#[test]
fn the_form_of_a_target_is_what_the_client_wrote() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            let (mut program, head) = ask(&ways, &mut client, "GET http://a:81/x?y HTTP/1.1\r\nhost: b\r\n\r\n").await;
            assert!(head.starts_with("GET http://a:81/x?y HTTP/1.1\r\n"), "{way:?}: {head}");
            assert!(head.contains("\r\nhost: a:81\r\n") && !head.contains("host: b"), "{way:?}: {head}");
            program.say(OK).await;
            client.until("ok").await;
            client.say("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n").await;
            let head = program.head().await;
            assert!(head.starts_with("OPTIONS * HTTP/1.1\r\n") && head.contains("\r\nhost: a\r\n"), "{way:?}: {head}");
            program.say(OK).await;
            client.until("ok").await;
        }
    });
}

#[test]
fn a_request_names_its_host_once_unless_it_is_old() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            for wrong in [
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nhost: a, b\r\n\r\n",
            ] {
                let mut client = ways.client(way).await;
                client.say(wrong).await;
                let (answer, end) = client.rest().await;
                assert!(answer.starts_with("HTTP/1.1 400 ") && end == End::Orderly, "{way:?}: {wrong:?}: {answer}");
            }
            for (old, host) in
                [("GET /old HTTP/1.0\r\nhost: a\r\n\r\n", Some("host: a\r\n")), ("GET /old HTTP/1.0\r\n\r\n", None)]
            {
                let mut client = ways.client(way).await;
                client.say(old).await;
                let mut program = ways.served().await;
                let head = program.head().await;
                assert!(head.starts_with("GET /old HTTP/1."), "{way:?}: {head}");
                assert!(host.is_none_or(|host| head.contains(host)), "{way:?}: {head}");
                program.say("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok").await;
                let (answer, end) = client.rest().await;
                assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && end == End::Orderly, "{way:?}: {answer}");
            }
        }
    });
}

#[test]
fn an_old_program_gets_no_chunks_from_an_old_client() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\nbody").await;
            let mut program = ways.served().await;
            let head = program.until("body").await;
            assert!(head.contains("content-length: 4\r\n") && !head.contains("transfer-encoding"), "{way:?}: {head}");
            // An answer that would be chunked ends with its connection.
            program.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n").await;
            let (answer, end) = client.rest().await;
            assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\nok"), "{way:?}: {answer}");
            assert!(!answer.contains("keep-alive") && !answer.contains("transfer-encoding"), "{way:?}: {answer}");
            assert_eq!(end, End::Orderly);
        }
    });
}

#[test]
fn answers_to_head_keep_what_they_say_of_a_body_and_their_connection() {
    run(async {
        let ways = Ways::new().await;
        for way in [Way::Both, Way::Outbound, Way::Inbound] {
            let mut client = ways.client(way).await;
            let (mut program, _) = ask(&ways, &mut client, "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n").await;
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            assert!(client.head().await.contains("\r\ncontent-length: 1000\r\n"), "{way:?}");
            for status in ["204 No Content", "304 Not Modified"] {
                client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
                program.head().await;
                program.say(format!("HTTP/1.1 {status}\r\n\r\n")).await;
                let head = client.head().await;
                assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{way:?}: {head}");
                assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{way:?}: {head}");
            }
        }
    });
}
