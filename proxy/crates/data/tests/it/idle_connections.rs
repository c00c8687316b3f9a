//! Connections of HTTP/1 that are kept for the next request: how long, and how many of them.

use std::time::{Duration, Instant};

use crate::support::run;
use crate::support::talk::{End, Talk};
use crate::support::ways::{ALL, Ways};

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const LIMIT: Duration = Duration::from_millis(100);
const HOUR: Duration = Duration::from_secs(3600);

/// Proxies that keep so many connections, each so long.
async fn keeping(idle_max: usize, idle_timeout: Duration) -> Ways {
    Ways::with(move |config| {
        (config.inbound.idle_max, config.inbound.idle_timeout) = (idle_max, idle_timeout);
        (config.outbound.idle_max, config.outbound.idle_timeout) = (idle_max, idle_timeout);
    })
    .await
}

/// The program answers the request that comes on this connection.
async fn answers(program: &mut Talk, client: &mut Talk) {
    program.head().await;
    program.say(ANSWER).await;
    assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_connection_that_nobody_needs_is_closed_when_its_time_is_over_and_not_before() {
    run(async {
        for way in ALL {
            let ways = keeping(100, LIMIT).await;
            let mut client = ways.client(way).await;
            client.say(REQUEST).await;
            let mut program = ways.served().await;
            let begun = Instant::now();
            answers(&mut program, &mut client).await;
            assert_eq!(program.rest().await, (String::new(), End::Orderly), "{way:?}");
            assert!(begun.elapsed() >= LIMIT, "{way:?}: {:?}", begun.elapsed());
            // That of the client is its own matter.
            client.say(REQUEST).await;
            answers(&mut ways.served().await, &mut client).await;
        }
    });
}

#[test]
fn a_connection_that_is_used_again_and_again_stays() {
    run(async {
        for way in ALL {
            // Long enough that a busy machine does not pause for it between two requests.
            let limit = LIMIT * 10;
            let ways = keeping(100, limit).await;
            let mut client = ways.client(way).await;
            client.say(REQUEST).await;
            let mut program = ways.served().await;
            answers(&mut program, &mut client).await;
            let begun = Instant::now();
            while begun.elapsed() < limit * 3 / 2 {
                client.say(REQUEST).await;
                answers(&mut program, &mut client).await;
            }
            assert!(!ways.program.has_another().await, "{way:?}");
        }
    });
}

#[test]
fn no_more_connections_are_kept_than_are_allowed() {
    run(async {
        for way in ALL {
            let ways = keeping(2, HOUR).await;
            let mut talks = Vec::new();
            for _ in 0..3 {
                let mut client = ways.client(way).await;
                client.say(REQUEST).await;
                talks.push((client, ways.served().await));
            }
            for (client, program) in &mut talks {
                answers(program, client).await;
            }
            let (mut third, mut surplus) = talks.pop().unwrap();
            assert_eq!(surplus.rest().await, (String::new(), End::Orderly), "{way:?}");
            // The others carry what comes next, and there is no more of them.
            for (client, _) in &mut talks {
                client.say(REQUEST).await;
            }
            for (_, program) in &mut talks {
                program.head().await;
            }
            assert!(!ways.program.has_another().await, "{way:?}");
            third.say(REQUEST).await;
            answers(&mut ways.served().await, &mut third).await;
            for (_, program) in &mut talks {
                program.say(ANSWER).await;
            }
            for (client, _) in &mut talks {
                assert!(client.answer().await.starts_with("HTTP/1.1 200 "), "{way:?}");
            }
        }
    });
}

#[test]
fn a_request_that_a_kept_connection_loses_goes_over_a_new_one_and_not_over_another_old_one() {
    run(async {
        for way in ALL {
            let ways = keeping(100, HOUR).await;
            let (mut clients, mut programs) = (Vec::new(), Vec::new());
            for _ in 0..3 {
                let mut client = ways.client(way).await;
                client.say(REQUEST).await;
                programs.push(ways.served().await);
                clients.push(client);
            }
            for (program, client) in programs.iter_mut().zip(&mut clients) {
                answers(program, client).await;
            }
            clients[0].say(REQUEST).await;
            let mut latest = programs.pop().unwrap();
            latest.head().await;
            drop(latest);
            answers(&mut ways.served().await, &mut clients[0]).await;
        }
    });
}

#[test]
fn a_tunnel_begins_on_a_connection_of_its_own() {
    run(async {
        for way in ALL {
            let ways = keeping(100, HOUR).await;
            let mut client = ways.client(way).await;
            client.say(REQUEST).await;
            let mut kept = ways.served().await;
            answers(&mut kept, &mut client).await;
            client.say("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n").await;
            let mut program = ways.served().await;
            program.head().await;
            program.say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n").await;
            assert!(client.head().await.starts_with("HTTP/1.1 101 "), "{way:?}");
        }
    });
}
