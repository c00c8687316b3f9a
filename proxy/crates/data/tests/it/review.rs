//! What a hostile or an unusual peer may do without harm to others.

use std::future::poll_fn;

use bytes::Bytes;
use h2::{Ping, client, server};
use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::identity::{Id, TlsTarget};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Request, Response, StatusCode, Version};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::nobody::Nobody;
use crate::support::program::Taken;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, meshed, opaque};
use crate::support::talk::{End, Talk};
use crate::support::ways::{ALL, CLIENT, WEB, Way, Ways};

async fn http2(addr: std::net::SocketAddr) -> (client::SendRequest<Bytes>, client::Connection<TcpStream>) {
    client::handshake(TcpStream::connect(addr).await.unwrap()).await.unwrap()
}

fn post(path: &str) -> Request<()> {
    Request::post(format!("http://web.default.svc.cluster.local{path}")).body(()).unwrap()
}

/// A server of HTTP/2 that has room for little of each request's body, and reads none of those to `/stalled`.
async fn stalls(program: &Taken) -> server::Connection<TcpStream, Bytes> {
    let mut builder = server::Builder::new();
    builder.initial_window_size(1000);
    builder.handshake(program.next().await).await.unwrap()
}

#[test]
fn an_empty_line_before_a_request_and_its_end_alone_change_nothing() {
    run(async {
        let ways = Ways::new().await;
        let mut client = Talk::to(ways.through(Way::Outbound)).await;
        client.say("\r\nGET / HTTP/1.1\r\nhost: web\r\n").await;
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        client.say("\r\n").await;
        let mut program = ways.served().await;
        program.head().await;
        program.say("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 204"));
    });
}

#[test]
fn a_stalled_stream_of_small_pieces_cuts_nobody_off() {
    run(async {
        let ways = Ways::new().await;
        let (mut sender, connection) = http2(ways.through(Way::Inbound)).await;
        tokio::task::spawn_local(connection);
        let (_stalled, mut body) = sender.send_request(post("/stalled"), false).unwrap();
        let mut program = stalls(&ways.program).await;
        let (_request, _respond) = program.accept().await.unwrap().unwrap();
        tokio::task::spawn_local(async move {
            let mut held = Vec::new();
            while let Some(Ok((request, mut respond))) = program.accept().await {
                respond.send_response(Response::new(()), true).unwrap();
                held.push(request);
            }
        });
        for _ in 0..4000 {
            body.reserve_capacity(20);
            poll_fn(|cx| body.poll_capacity(cx)).await.unwrap().unwrap();
            body.send_data(Bytes::from_static(&[7; 20]), false).unwrap();
            tokio::task::yield_now().await;
        }
        let (answer, _) = sender.send_request(post("/"), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    });
}

#[test]
fn a_client_that_measures_the_distance_with_each_piece_is_no_flood() {
    run(async {
        let ways = Ways::new().await;
        let (mut sender, mut connection) = http2(ways.through(Way::Inbound)).await;
        let mut pings = connection.ping_pong().unwrap();
        tokio::task::spawn_local(connection);
        let (answer, _) = sender.send_request(post("/"), true).unwrap();
        let mut program = stalls(&ways.program).await;
        let (_request, mut respond) = program.accept().await.unwrap().unwrap();
        let mut body = respond.send_response(Response::new(()), false).unwrap();
        tokio::task::spawn_local(async move { while program.accept().await.is_some() {} });
        let mut answer = answer.await.unwrap().into_body();
        for _ in 0..2500 {
            body.send_data(Bytes::from_static(b"piece"), false).unwrap();
            let piece = answer.data().await.unwrap().unwrap();
            answer.flow_control().release_capacity(piece.len()).unwrap();
            pings.ping(Ping::opaque()).await.unwrap();
        }
    });
}

#[test]
fn a_program_that_is_down_does_not_end_shared_connections() {
    run(async {
        let (authority, table, nobody) = (Authority::new(), Table::new(), Nobody::new());
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([meshed(nobody.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let (mut sender, connection) = http2(outbound.addr).await;
        tokio::task::spawn_local(connection);
        for _ in 0..700 {
            let (answer, _) = sender.send_request(post("/"), true).unwrap();
            let status = answer.await.map(|answer| answer.status());
            assert!(status.is_ok_and(|status| status.is_server_error()));
        }
        assert_eq!(inbound.count("tcp_open_total", &["peer=\"src\"", "tls=\"true\""]), 1.0);
    });
}

#[test]
fn an_answer_names_its_length_once() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            for lengths in ["content-length: 2, 2\r\n", "content-length: 2\r\nContent-Length: 2\r\n"] {
                let mut client = ways.client(way).await;
                client.say("GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n").await;
                let mut program = ways.served().await;
                program.head().await;
                program.say(format!("HTTP/1.1 200 OK\r\n{lengths}connection: close\r\n\r\nok")).await;
                let (answer, _) = client.rest().await;
                assert_eq!(answer.matches("content-length: 2\r\n").count(), 1, "{way:?} {lengths:?} {answer}");
                assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
            }
        }
    });
}

/// HTTP/2 as a proxy of the mesh speaks it, with an inbound proxy before `program`.
async fn as_a_proxy(program: &Taken) -> client::SendRequest<Bytes> {
    let (authority, table) = (Authority::new(), Table::new());
    let inbound = Proxy::inbound(&authority, WEB, &table).await;
    inbound.original.set(program.addr);
    let target = TlsTarget { id: Id::Dns(WEB.into()), server_name: WEB.into() };
    let config = authority.store(CLIENT).client_config(&target, false).unwrap();
    let socket = TcpStream::connect(inbound.addr).await.unwrap();
    let name = ServerName::try_from(WEB).unwrap();
    let stream = TlsConnector::from(config).connect(name, socket).await.unwrap();
    let (sender, connection) = client::handshake(stream).await.unwrap();
    tokio::task::spawn_local(async move {
        let _ = connection.await;
        drop(inbound);
    });
    sender
}

/// The next connection that carries something: a silent client makes the proxy dial ahead.
async fn next(program: &Taken) -> Talk {
    loop {
        let socket = program.next().await;
        if socket.peek(&mut [0]).await.is_ok_and(|length| length > 0) {
            return Talk::over(socket);
        }
    }
}

#[test]
fn what_a_hostile_proxy_carries_comes_out_with_one_meaning() {
    run(async {
        let program = Taken::start().await;
        let mut sender = as_a_proxy(&program).await;
        let request = || Request::post("/a").version(Version::HTTP_11);
        let two_lengths = request().header("content-length", "2").header("content-length", "2").header("host", "web");
        let two_hosts = request().header("host", "web").header("host", "other").header("content-length", "2");
        let no_length = request().header("host", "web");
        for (request, proto, part) in [
            (two_lengths, "HTTP/1.1", "content-length: 2\r\n"),
            (two_hosts, "HTTP/1.1", "host: web\r\n"),
            (no_length, "HTTP/1.0", "POST /a HTTP/1.1\r\n"),
        ] {
            let request = request.header("l5d-orig-proto", proto).body(()).unwrap();
            let (answer, mut body) = sender.send_request(request, false).unwrap();
            body.send_data(Bytes::from_static(b"ok"), false).unwrap();
            let mut served = next(&program).await;
            let head = served.head().await;
            assert_eq!(head.matches(part).count(), 1, "{head}");
            let names = |name: &str| head.lines().filter(|line| line.starts_with(name)).count();
            assert_eq!((names("host:"), names("content-length:") + names("transfer-encoding:")), (1, 1), "{head}");
            body.send_trailers(HeaderMap::from_iter([(CONTENT_LENGTH, 5.into())])).unwrap();
            served.until("ok").await;
            if head.contains("chunked") {
                assert_eq!(served.until("0\r\n\r\n").await, "\r\n0\r\n\r\n", "no length comes at the end");
            }
            served.say("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            assert_eq!(answer.await.unwrap().status(), StatusCode::NO_CONTENT);
        }
    });
}

#[test]
fn an_absolute_target_of_a_hostile_proxy_has_a_scheme_or_is_none() {
    run(async {
        let program = Taken::start().await;
        let mut sender = as_a_proxy(&program).await;
        for (scheme, line) in [("ftp", "POST ftp://other/a HTTP/1.1\r\n"), ("a~http", "POST /a HTTP/1.1\r\n")] {
            let request = Request::post(format!("{scheme}://other/a")).version(Version::HTTP_11);
            let request = request.header("l5d-orig-proto", "HTTP/1.1; absolute-form").body(()).unwrap();
            let (answer, _) = sender.send_request(request, true).unwrap();
            let mut served = next(&program).await;
            let head = served.head().await;
            assert!(head.starts_with(line) && head.contains("host: other\r\n"), "{head}");
            served.say("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            assert_eq!(answer.await.unwrap().status(), StatusCode::NO_CONTENT);
        }
    });
}

#[test]
fn a_request_of_a_thousand_headers_is_refused_alone() {
    run(async {
        let program = Taken::start().await;
        let mut sender = as_a_proxy(&program).await;
        let mut many = post("/");
        for _ in 0..1000 {
            many.headers_mut().append("x", "y".parse().unwrap());
        }
        let (answer, _) = sender.send_request(many, true).unwrap();
        assert_eq!(answer.await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        let request = Request::get("/").version(Version::HTTP_11).header("host", "web");
        let (answer, _) =
            sender.send_request(request.header("l5d-orig-proto", "HTTP/1.1").body(()).unwrap(), true).unwrap();
        let mut served = next(&program).await;
        served.head().await;
        served.say("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert_eq!(answer.await.unwrap().status(), StatusCode::NO_CONTENT);
    });
}

#[test]
fn the_last_answer_of_a_proxy_that_drains_says_so() {
    run(async {
        let ways = Ways::new().await;
        let mut client = ways.client(Way::Outbound).await;
        client.say("GET / HTTP/1.1\r\nhost: web\r\n\r\n").await;
        let mut program = ways.served().await;
        program.head().await;
        ways.outbound.drain.begin();
        program.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        let (answer, end) = client.rest().await;
        assert!(answer.contains("connection: close\r\n") && answer.ends_with("ok"), "{answer}");
        assert_eq!(end, End::Orderly);
    });
}

#[test]
fn a_connection_becomes_no_tunnel_while_its_request_is_under_way() {
    run(async {
        let ways = Ways::new().await;
        let mut client = ways.client(Way::Outbound).await;
        client
            .say("POST / HTTP/1.1\r\nhost: web\r\nconnection: upgrade\r\nupgrade: x\r\ncontent-length: 9\r\n\r\n1234")
            .await;
        let mut program = ways.served().await;
        program.until("1234").await;
        program.say("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 502"));
    });
}

#[test]
fn a_connection_that_the_server_closed_carries_no_request_that_may_not_be_repeated() {
    run(async {
        let ways = Ways::new().await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say("GET / HTTP/1.1\r\nhost: web\r\n\r\n").await;
            let mut program = ways.served().await;
            program.head().await;
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            client.until("ok").await;
            drop(program);
            client.say("POST / HTTP/1.1\r\nhost: web\r\ncontent-length: 4\r\nconnection: close\r\n\r\nonce").await;
            let mut program = ways.served().await;
            program.until("once").await;
            program.say("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            assert!(client.head().await.starts_with("HTTP/1.1 204"), "{way:?}");
        }
    });
}

#[test]
fn interim_answers_without_end_wait_for_their_client() {
    run(async {
        let ways = Ways::new().await;
        let mut client = ways.client(Way::Outbound).await;
        client.say("GET / HTTP/1.1\r\nhost: web\r\n\r\n").await;
        let mut program = ways.served().await;
        program.head().await;
        let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n".repeat(1000);
        for _ in 0..200 {
            program.say(&hints).await;
        }
        program.say("HTTP/1.1 204 No Content\r\n\r\n").await;
        while !client.head().await.starts_with("HTTP/1.1 204") {}
    });
}

#[test]
fn what_breaks_off_on_one_side_does_not_end_in_good_order_on_the_other() {
    run(async {
        let ways = Ways::new().await;
        ways.table.target.send_replace(Some(opaque()));
        for way in ALL {
            for by_program in [true, false] {
                let mut client = ways.client(way).await;
                client.say("\x01\x02 no protocol that is known\r\n").await;
                let mut program = ways.served().await;
                program.until("known\r\n").await;
                program.say("part").await;
                client.until("part").await;
                let (broken, mut other) = if by_program { (program, client) } else { (client, program) };
                broken.reset();
                assert_eq!(other.rest().await.1, End::Reset, "{way:?}, by the program: {by_program}");
            }
        }
    });
}
