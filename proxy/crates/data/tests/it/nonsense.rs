//! What each side hears of the other where that talks nonsense, or says more than it may.

use http::Request;

use crate::support::client::{Http2, body};
use crate::support::nobody::Nobody;
use crate::support::run;
use crate::support::table::endpoint;
use crate::support::ways::{ALL, Way, Ways};

#[test]
fn head_is_answered_without_a_body_where_the_server_talks_nonsense() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            client.say("HEAD / HTTP/1.1\r\nhost: web\r\n\r\n").await;
            let mut server = ways.served().await;
            server.head().await;
            server.say("no HTTP\r\n\r\n").await;
            assert!(client.head().await.starts_with("HTTP/1.1 502 "), "{way:?}");
            // What would be the body would come first.
            client.say("GET / HTTP/1.1\r\nhost: web\r\n\r\n").await;
            let mut server = ways.served().await;
            server.head().await;
            server.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            assert!(client.answer().await.starts_with("HTTP/1.1 200 OK\r\n"), "{way:?}");
        }
    });
}

#[test]
fn head_is_answered_without_a_body_over_http2_where_there_is_no_server() {
    run(async {
        let ways = Ways::new().await;
        let nobody = Nobody::new();
        for endpoint in [endpoint(nobody.addr), ways.behind_its_proxy(nobody.addr)] {
            let mut client = Http2::connect(ways.through(Way::Outbound)).await;
            ways.table.set_endpoints([endpoint]);
            let answer = client.send(Request::head("http://web/").body(body("")).unwrap()).await;
            assert!(answer.status.is_server_error() && answer.body.is_empty(), "{}", answer.status);
            // With another method the client is told why.
            let answer = client.send(Request::get("http://web/").body(body("")).unwrap()).await;
            assert!(answer.status.is_server_error() && !answer.body.is_empty(), "{}", answer.status);
        }
    });
}

#[test]
fn the_length_of_an_interim_answer_is_not_that_of_the_answer() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            client.say("GET / HTTP/1.1\r\nhost: web\r\n\r\n").await;
            let mut server = ways.served().await;
            server.head().await;
            let interim = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 2\r\n\r\n";
            let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n";
            server.say(format!("{interim}{chunked}")).await;
            assert_eq!(client.head().await, "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", "{way:?}");
            client.until("\r\n\r\n5\r\nwhole\r\n0\r\n\r\n").await;
        }
    });
}

#[test]
fn what_proxies_tell_each_other_of_a_failure_is_not_for_clients() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.1\r\nhost: web\r\ncontent-length: 0\r\n\r\n").await;
            let mut server = ways.served().await;
            server.head().await;
            drop(server);
            let answer = client.head().await;
            assert!(answer.starts_with("HTTP/1.1 502 "), "{way:?}: {answer}");
            assert!(!answer.contains("l5d-hauberk"), "{way:?}: {answer}");
        }
    });
}

#[test]
fn an_option_that_is_no_text_hides_no_other() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            let options = b"connection: \xe5, x-a, upgrade\r\nupgrade: \xe5, h2c\r\nx-a: b\r\n";
            client.say([b"GET / HTTP/1.1\r\nhost: web\r\n", &options[..], b"\r\n"].concat()).await;
            let mut server = ways.served().await;
            let head = server.head().await;
            assert!(!head.contains("x-a") && !head.contains("upgrade"), "{way:?}: {head}");
            server.say([b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n", &options[..], b"\r\n"].concat()).await;
            let head = client.head().await;
            assert!(!head.contains("x-a") && !head.contains("upgrade"), "{way:?}: {head}");
        }
    });
}

#[test]
fn a_protocol_that_is_no_text_hides_no_other() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            let wish = b"GET / HTTP/1.1\r\nhost: web\r\nconnection: upgrade\r\nupgrade: \xe5, h2c\r\n\r\n";
            client.say(wish).await;
            // What HTTP/2 without TLS carries would be hidden from policy.
            let head = ways.served().await.head().await;
            assert!(!head.contains("upgrade"), "{way:?}: {head}");
        }
    });
}
