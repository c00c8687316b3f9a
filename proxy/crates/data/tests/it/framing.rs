//! What a message is made of survives the way through two proxies: where it ends, whom it is for, how often it is sent.

use std::net::SocketAddr;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::outbound::Retry;
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Http1, body, get, raw};
use crate::support::proxy::{Authority, Proxy};
use crate::support::script::Script;
use crate::support::table::{Table, balanced, detect, endpoint, meshed, only, retry, server_policy};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

struct Ways {
    script: Script,
    table: std::sync::Arc<Table>,
    inbound: Proxy,
    outbound: Proxy,
    _plain: Proxy,
    /// Where a client connects: through both proxies, through its own alone, through the server's alone.
    all: [Way; 3],
}

#[derive(Clone, Copy)]
struct Way {
    addr: SocketAddr,
    meshed: bool,
}

async fn ways(answer: &'static [u8], closes: bool) -> Ways {
    let (authority, table, script) = (Authority::new(), Table::new(), Script::start(answer, closes).await);
    let inbound = Proxy::inbound(&authority, WEB, &table).await;
    let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
    let plain = Proxy::inbound(&authority, WEB, &table).await;
    plain.original.set(script.addr);
    let way = |addr, meshed| Way { addr, meshed };
    let all = [way(outbound.addr, true), way(outbound.addr, false), way(plain.addr, false)];
    Ways { script, table, inbound, outbound, _plain: plain, all }
}

impl Ways {
    fn through(&self, way: Way) -> SocketAddr {
        let meshed = meshed(self.script.addr, self.inbound.addr.port(), WEB, ProtocolHint::Http2);
        self.table.set_endpoints([if way.meshed { meshed } else { endpoint(self.script.addr) }]);
        way.addr
    }
}

/// Sends `bytes`, and reads until what came ends with `end`.
async fn until(addr: SocketAddr, bytes: &[u8], end: &str) -> String {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut all = Vec::new();
    while !all.ends_with(end.as_bytes()) && socket.read_buf(&mut all).await.is_ok_and(|length| length > 0) {}
    String::from_utf8(all).unwrap()
}

#[test]
fn an_answer_without_a_body_ends_with_its_head() {
    run(async {
        for (answer, method) in [
            (&b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"[..], "HEAD"),
            (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "HEAD"),
            (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 1000\r\n\r\n", "GET"),
            (b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n", "GET"),
        ] {
            let ways = ways(answer, false).await;
            for way in ways.all {
                let twice = format!("{method} / HTTP/1.1\r\nhost: a\r\n\r\n").repeat(2) + "nonsense\r\n\r\n";
                let got = raw(ways.through(way), twice.as_bytes()).await;
                let heads: Vec<&str> = got.split_inclusive("\r\n\r\n").collect();
                assert_eq!(heads.len(), 3, "{got:?}");
                assert!(heads[2].starts_with("HTTP/1.1 400"), "{got:?}");
                assert!(!got.contains("content-length: 5") && got.matches("1000").count() <= 2, "{got:?}");
            }
        }
    });
}

#[test]
fn interim_answers_and_trailers_pass() {
    run(async {
        let early = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ntrailer: x-t\r\n\
                      transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-t: 1\r\n\r\n";
        let ways = ways(early, false).await;
        for way in ways.all {
            let request = b"GET / HTTP/1.1\r\nhost: a\r\nte: trailers\r\n\r\n";
            let got = until(ways.through(way), request, "x-t: 1\r\n\r\n").await;
            let interim = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n";
            assert!(got.starts_with(interim) && got.ends_with("0\r\nx-t: 1\r\n\r\n"), "{got:?}");
        }
    });
}

#[test]
fn an_answer_that_breaks_off_never_looks_whole() {
    run(async {
        for answer in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nok"[..],
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        ] {
            let ways = ways(answer, true).await;
            for way in ways.all {
                let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
                let got = raw(ways.through(way), request).await;
                assert!(!got.ends_with("\r\n0\r\n\r\n") && !got.contains("content-length: 2\r\n"), "{got:?}");
            }
        }
    });
}

#[test]
fn a_request_that_breaks_off_never_looks_whole() {
    run(async {
        for head in ["content-length: 10", "transfer-encoding: chunked"] {
            let ways = ways(b"", false).await;
            for (index, way) in ways.all.into_iter().enumerate() {
                let mut socket = TcpStream::connect(ways.through(way)).await.unwrap();
                let half = format!("POST / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n2\r\nok\r\n");
                socket.write_all(half.as_bytes()).await.unwrap();
                eventually(|| ways.script.heard(index).contains("ok")).await;
                drop(socket);
                eventually(|| ways.script.ended.get() > index).await;
                assert!(!ways.script.heard(index).ends_with("0\r\n\r\n"), "{:?}", ways.script.heard(index));
            }
        }
    });
}

#[test]
fn the_host_is_that_of_the_target() {
    run(async {
        let ways = ways(OK, false).await;
        for way in ways.all {
            let request =
                |target| format!("GET {target} HTTP/1.1\r\nhost: public\r\nconnection: close\r\n\r\n").into_bytes();
            assert!(raw(ways.through(way), &request("http://user@admin:81/x")).await.starts_with("HTTP/1.1 400"));
            assert!(raw(ways.through(way), &request("http://admin:81/x")).await.starts_with("HTTP/1.1 200"));
            let heard = ways.script.heard.borrow().iter().flatten().copied().collect::<Vec<u8>>();
            let heard = String::from_utf8(heard).unwrap();
            assert!(heard.contains("host: admin:81\r\n") && !heard.contains("public"), "{heard:?}");
        }
    });
}

#[test]
fn what_a_client_lists_in_connection_takes_no_identity_away() {
    run(async {
        let ways = ways(OK, false).await;
        let meshed = ways.through(ways.all[0]);
        // As if the client's own proxy had not looked: HTTP/1 between the proxies.
        ways.table.set_endpoints([self::meshed(
            ways.script.addr,
            ways.inbound.addr.port(),
            WEB,
            ProtocolHint::Unknown,
        )]);
        for wish in ["connection: l5d-client-id", "connection: upgrade, l5d-client-id\r\nupgrade: x"] {
            let request = format!("GET / HTTP/1.1\r\nhost: a\r\n{wish}\r\n\r\n");
            assert!(until(meshed, request.as_bytes(), "ok").await.starts_with("HTTP/1.1 200"));
        }
        let heard: String = (0..2).map(|index| ways.script.heard(index)).collect();
        assert_eq!(heard.matches(&format!("l5d-client-id: {CLIENT}\r\n")).count(), 2, "{heard}");
        assert!(!heard.contains("upgrade, l5d"), "{heard}");
    });
}

#[test]
fn a_body_of_unknown_length_passes_whatever_the_method() {
    run(async {
        let ways = ways(OK, false).await;
        for (index, way) in ways.all.into_iter().enumerate() {
            let request =
                b"GET /search HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nquery\r\n0\r\n\r\n";
            until(ways.through(way), request, "ok").await;
            eventually(|| ways.script.heard(index).ends_with("5\r\nquery\r\n0\r\n\r\n")).await;
        }
    });
}

#[test]
fn an_old_client_may_keep_its_connection() {
    run(async {
        let ways = ways(OK, false).await;
        for way in ways.all {
            let twice = "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n".repeat(2) + "GET / HTTP/1.0\r\n\r\n";
            let got = raw(ways.through(way), twice.as_bytes()).await;
            assert_eq!(got.matches("HTTP/1.0 200 OK").count(), 3, "{got:?}");
            assert_eq!(got.matches("connection: keep-alive").count(), 2, "{got:?}");
        }
    });
}

#[test]
fn after_a_refusal_the_rest_of_a_body_is_never_taken_for_a_request() {
    run(async {
        let ways = ways(OK, false).await;
        ways.table.inbound.send_replace(server_policy(detect(), only(WEB)));
        for way in [ways.all[0], ways.all[2]] {
            let first = "POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 80\r\n\r\n";
            let inner = format!("{:80}", "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n");
            let second = "GET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
            let got = raw(ways.through(way), format!("{first}{inner}{second}").as_bytes()).await;
            let refused = got.matches("HTTP/1.1 403").count();
            assert!((1..=2).contains(&refused) && got.matches("HTTP/1.1 ").count() == refused, "{got:?}");
            // The body comes later, or never.
            let mut socket = TcpStream::connect(ways.through(way)).await.unwrap();
            socket.write_all(first.as_bytes()).await.unwrap();
            let mut got = vec![0; 12];
            socket.read_exact(&mut got).await.unwrap();
            assert_eq!(got, b"HTTP/1.1 403");
            let _ = socket.write_all(format!("{inner}{second}").as_bytes()).await;
            let _ = socket.read_to_end(&mut got).await;
            assert!(String::from_utf8_lossy(&got).matches("HTTP/1.1 403").count() <= 2);
        }
        assert!(ways.script.heard.borrow().is_empty());
    });
}

#[test]
fn a_post_that_was_sent_is_never_sent_again() {
    run(async {
        let hopeful = Retry { statuses: vec![(503, 504)], ..retry(503) };
        for retry in [None, Some(hopeful)] {
            let ways = ways(b"", true).await;
            ways.table.target.send_replace(Some(balanced(|action| action.retry.clone_from(&retry))));
            for (index, way) in ways.all.into_iter().enumerate() {
                let mut client = Http1::connect(ways.through(way)).await;
                let request = Request::post("/").header("host", "web").body(body("once")).unwrap();
                assert_eq!(client.send(request).await.status, StatusCode::BAD_GATEWAY);
                assert_eq!(ways.script.heard.borrow().len(), index + 1, "each connection is one try");
            }
        }
    });
}

#[test]
fn a_get_that_was_lost_is_sent_again_to_another_endpoint() {
    run(async {
        let ways = ways(OK, false).await;
        let broken = Script::start(b"", true).await;
        ways.table.set_endpoints([endpoint(broken.addr), endpoint(ways.script.addr)]);
        for _ in 0..20 {
            let answer = Http1::connect(ways.outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
        assert!(broken.heard.borrow().len() < 5, "an endpoint that loses requests quickly does not look quick");
    });
}
