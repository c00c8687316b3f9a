//! Requests with more than one meaning never reach a program.

use hauberk_core::endpoint::ProtocolHint;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{raw, raw_pieces};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, meshed};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

struct Proxies {
    program: Program,
    /// The program's, as an unmeshed client reaches it.
    plain: Proxy,
    outbound: Proxy,
    _behind: Proxy,
}

/// A program behind its proxy, and another proxy before that; raw bytes go to either.
async fn proxies() -> Proxies {
    let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
    let inbound = Proxy::inbound(&authority, WEB, &table).await;
    let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
    table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
    let plain = Proxy::inbound(&authority, WEB, &table).await;
    plain.original.set(program.addr);
    Proxies { program, plain, outbound, _behind: inbound }
}

#[test]
fn an_ambiguous_head_is_refused_and_the_connection_closed() {
    run(async {
        let Proxies { program, plain: inbound, outbound, _behind } = proxies().await;
        let heads = [
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\nabcd",
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\nx: y\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        ];
        for head in heads {
            for proxy in [&inbound, &outbound] {
                let answer = raw(proxy.addr, head.as_bytes()).await;
                assert!(answer.starts_with("HTTP/1.1 400 "), "{head:?}: {answer:?}");
                assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{head:?}: {answer:?}");
            }
        }
        assert_eq!(program.requests(), 0);
    });
}

#[test]
fn a_head_without_end_is_refused() {
    run(async {
        let Proxies { program, outbound, .. } = proxies().await;
        let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}", "y".repeat(80_000));
        let answer = raw(outbound.addr, head.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.is_empty(), "{answer:?}");
        assert_eq!(program.requests(), 0);
    });
}

#[test]
fn pipelined_requests_are_answered_in_turn_until_one_is_refused() {
    run(async {
        let Proxies { program, plain: inbound, outbound, _behind } = proxies().await;
        let pipeline = "POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none\
             POST /2 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n\
             GET /3 HTTP/1.1\r\nhost: a\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n\
             GET /4 HTTP/1.1\r\nhost: a\r\nbad header: x\r\n";
        let and_more = format!("{pipeline}\r\nGET /5 HTTP/1.1\r\nhost: a\r\n\r\n");
        for proxy in [&inbound, &outbound] {
            for (bytes, size) in [(&*and_more, and_more.len()), (pipeline, 7), (pipeline, 1)] {
                program.seen.borrow_mut().clear();
                let answer = raw_pieces(proxy.addr, bytes.as_bytes().chunks(size)).await;
                assert_eq!(answer.matches("HTTP/1.1 200").count(), 3, "{size}: {answer}");
                assert_eq!(answer.matches("HTTP/1.1 400").count(), 1, "{size}: {answer}");
                let targets: Vec<String> = program.seen.borrow().iter().map(|seen| seen.target.clone()).collect();
                assert_eq!(targets, ["/1", "/2", "/3"]);
            }
        }
    });
}

#[test]
fn a_body_that_is_not_chunked_as_it_says_ends_the_connection() {
    run(async {
        let Proxies { program, plain: inbound, .. } = proxies().await;
        let smuggled = "POST /1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
             3\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n";
        let answer = raw(inbound.addr, smuggled.as_bytes()).await;
        assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
        assert!(program.seen.borrow().iter().all(|seen| seen.target != "/2"));
    });
}

#[test]
fn nothing_after_a_malformed_chunk_is_a_request() {
    run(async {
        let Proxies { program, plain: inbound, outbound, _behind } = proxies().await;
        let smuggled = "POST /1 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
             3\r\nabc\r\n0:\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n";
        for proxy in [&inbound, &outbound] {
            let answer = raw(proxy.addr, smuggled.as_bytes()).await;
            assert!(!answer.contains("HTTP/1.1 200"), "{answer}");
            assert!(program.seen.borrow().iter().all(|seen| seen.target != "/2"));
        }
    });
}

#[test]
fn a_client_may_wait_for_the_word_to_go_on() {
    run(async {
        let Proxies { program, outbound, _behind, .. } = proxies().await;
        let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
        let head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n";
        socket.write_all(head).await.unwrap();
        let mut interim = [0; 25];
        socket.read_exact(&mut interim).await.unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        socket.write_all(b"body").await.unwrap();
        let mut status = [0; 15];
        socket.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200 OK");
        assert_eq!(program.requests(), 1);
    });
}
