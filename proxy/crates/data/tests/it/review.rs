//! What a hostile or an unusual peer may do without harm to others.

use std::future::poll_fn;

use bytes::Bytes;
use h2::{Ping, client, server};
use hauberk_core::endpoint::ProtocolHint;
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::net::TcpStream;

use crate::support::program::Taken;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, endpoint, meshed};
use crate::support::talk::Talk;
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
        let (authority, table, program) = (Authority::new(), Table::new(), Taken::start().await);
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        let addr = program.addr;
        drop(program);
        table.set_endpoints([meshed(addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
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

#[test]
fn what_a_mesh_peer_repeats_the_program_sees_once() {
    run(async {
        let ways = Ways::new().await;
        let (mut sender, connection) = http2(ways.through(Way::Outbound)).await;
        tokio::task::spawn_local(connection);
        drop(endpoint(ways.program.addr));
        let mut request = post("/");
        let headers: &mut HeaderMap = request.headers_mut();
        headers.append("te", "trailers".parse().unwrap());
        headers.append("te", "gzip".parse().unwrap());
        let sent = sender.send_request(request, true);
        drop(sent);
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
