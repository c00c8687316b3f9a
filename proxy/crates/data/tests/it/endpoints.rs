//! Which endpoint gets a request, over which connection.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::route::Timeouts;
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Http1, Http2, body, get, post2, raw};
use crate::support::nobody::Nobody;
use crate::support::program::Program;
use crate::support::proxy::{Authority, CONNECTIONS_MAX, Proxy};
use crate::support::script::Script;
use crate::support::table::{Table, balanced, endpoint, meshed};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

#[test]
fn an_endpoint_that_never_answers_does_not_look_idle() {
    run(async {
        let (table, program, silent) = (Table::new(), Program::start().await, Script::start(b"", false).await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(silent.addr), endpoint(program.addr)]);
        let limit = Timeouts { request: Some(Duration::from_millis(300)), ..Timeouts::default() };
        table.target.send_replace(Some(balanced(|action| action.timeouts = limit)));
        let mut late = 0.0;
        for _ in 0..20 {
            let answer = Http1::connect(outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
            late += f64::from(u8::from(answer.status == StatusCode::GATEWAY_TIMEOUT));
        }
        assert!((1.0..5.0).contains(&late), "{late}");
        let counted = ["status_code=\"504\"", "error=\"response timeout\"", "classification=\"failure\""];
        assert_eq!(outbound.count("response_total", &counted), late, "what got no answer counts as well");
    });
}

#[test]
fn a_request_whose_client_went_away_is_counted() {
    run(async {
        let (table, silent) = (Table::new(), Script::start(b"", false).await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(silent.addr)]);
        let mut client = Http2::connect(outbound.addr).await;
        let request = tokio::task::spawn_local(async move {
            client.send(post2("/").body(body("")).unwrap()).await;
        });
        eventually(|| !silent.heard.borrow().is_empty()).await;
        request.abort();
        eventually(|| outbound.count("response_total", &["status_code=\"499\"", "error=\"canceled\""]) == 1.0).await;
    });
}

#[test]
fn a_program_that_takes_few_streams_gets_more_connections() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        program.streams_max.set(Some(2));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let mut client = Http2::connect(outbound.addr).await;
        assert_eq!(client.send(post2("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        program.hangs.set(true);
        for sent in 2..8 {
            let mut client = client.clone();
            tokio::task::spawn_local(async move { client.send(post2("/").body(body("")).unwrap()).await });
            eventually(|| program.requests() == sent).await;
        }
    });
}

#[test]
fn connections_that_say_nothing_take_their_own_side_s_places_only() {
    run(async {
        hauberk_net::process::raise_open_files().unwrap();
        let (table, program) = (Table::new(), Program::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(program.addr)]);
        let mut healthy = Http1::connect(outbound.addr).await;
        assert_eq!(healthy.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        let mut stuck = Vec::new();
        for _ in 1..CONNECTIONS_MAX {
            stuck.push(TcpStream::connect(outbound.addr).await.unwrap());
        }
        eventually(|| outbound.worker.open() == CONNECTIONS_MAX).await;
        assert_eq!(raw(outbound.addr, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, "", "one too many");
        assert_eq!(healthy.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        drop(stuck);
        eventually(|| outbound.worker.open() == 1).await;
        let answer = Http1::connect(outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
    });
}

#[test]
fn destinations_that_nobody_uses_are_forgotten() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(program.addr)]);
        for number in 0..300_u32 {
            let [.., high, low] = number.to_be_bytes();
            outbound.original.set(([10, 1, high, low], 80).into());
            let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
            socket.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
            let mut status = [0; 12];
            socket.read_exact(&mut status).await.unwrap();
            assert_eq!(&status, b"HTTP/1.0 200");
        }
        eventually(|| table.target.receiver_count() == 0).await;
    });
}

#[test]
fn a_proxy_that_drains_costs_no_request_and_none_is_sent_twice() {
    run(async {
        let (authority, table) = (Authority::new(), Table::new());
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        let (first, second) = (Program::start().await, Program::start().await);
        let leaving = Proxy::inbound(&authority, WEB, &table).await;
        let staying = Proxy::inbound(&authority, WEB, &table).await;
        let at = |program: &Program, proxy: &Proxy| meshed(program.addr, proxy.addr.port(), WEB, ProtocolHint::Http2);
        table.set_endpoints([at(&first, &leaving), at(&second, &staying)]);
        let answered = Rc::new(Cell::new(0));
        for _ in 0..20 {
            let (addr, answered) = (outbound.addr, answered.clone());
            tokio::task::spawn_local(async move {
                let (mut http1, mut http2) = (Http1::connect(addr).await, Http2::connect(addr).await);
                for _ in 0..20 {
                    let request = Request::post("/").header("host", "web").body(body("once")).unwrap();
                    assert_eq!(http1.send(request).await.status, StatusCode::OK);
                    assert_eq!(http2.send(post2("/").body(body("once")).unwrap()).await.status, StatusCode::OK);
                    answered.set(answered.get() + 2);
                }
            });
        }
        eventually(|| answered.get() > 100).await;
        leaving.drain.begin();
        eventually(|| answered.get() == 800).await;
        assert_eq!(first.requests() + second.requests(), 800);
        eventually(|| leaving.worker.open() == 0).await;
    });
}

#[test]
fn refused_requests_do_not_end_the_connection_of_others() {
    run(async {
        let (authority, table, down) = (Authority::new(), Table::new(), Nobody::new());
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([meshed(down.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let mut client = Http2::connect(outbound.addr).await;
        for _ in 0..150 {
            assert_eq!(client.send(post2("/").body(body("")).unwrap()).await.status, StatusCode::BAD_GATEWAY);
        }
        assert_eq!(inbound.count("tcp_open_total", &["peer=\"src\""]), 1.0);
    });
}

#[test]
fn a_request_that_nobody_took_up_goes_elsewhere_with_its_body() {
    run(async {
        let (authority, table) = (Authority::new(), Table::new());
        let script = Script::start(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false).await;
        let deaf = Nobody::new();
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let other = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([
            meshed(script.addr, inbound.addr.port(), WEB, ProtocolHint::Http2),
            meshed(deaf.addr, other.addr.port(), WEB, ProtocolHint::Http2),
        ]);
        let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
        socket.set_nodelay(true).unwrap();
        for at in 0..50 {
            socket.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n").await.unwrap();
            for _ in 0..at {
                tokio::task::yield_now().await;
            }
            socket.write_all(b"once").await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"ok") {
                assert!(socket.read_buf(&mut answer).await.unwrap() > 0, "{at}: {}", String::from_utf8_lossy(&answer));
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&answer));
        }
    });
}
