//! Clients of HTTP/1 that go away by a reset: their program hears of it, whatever carries the request there.

use crate::support::run;
use crate::support::talk::Talk;
use crate::support::ways::{ALL, Ways};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

#[test]
fn a_program_that_has_not_answered_hears_that_its_client_is_gone() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            client.reset();
            assert_eq!(program.rest().await.0, "", "{way:?}");
        }
    });
}

#[test]
fn a_program_that_answers_slowly_hears_that_its_client_is_gone() {
    run(async {
        for way in ALL {
            for head in ["content-length: 1000", "transfer-encoding: chunked"] {
                let ways = Ways::new().await;
                let mut client = ways.client(way).await;
                client.say(GET).await;
                let mut program = ways.served().await;
                program.head().await;
                program.say(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n4\r\nhalf\r\n")).await;
                client.until("half").await;
                client.reset();
                assert_eq!(program.rest().await.0, "", "{way:?} {head}");
            }
        }
    });
}

#[test]
fn the_next_client_is_served_as_if_the_one_that_left_had_not_been_there() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut other = ways.client(way).await;
            other.say(GET).await;
            let mut kept = ways.served().await;
            kept.head().await;
            let mut client = Talk::to(ways.through(way)).await;
            client.say(GET).await;
            let mut left = ways.served().await;
            left.head().await;
            client.reset();
            left.rest().await;
            kept.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nkept").await;
            assert!(other.answer().await.ends_with("kept"), "{way:?}");
        }
    });
}
