//! Who speaks first, where policy leaves it open what is spoken. No limit of time may help: they are an hour.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use hauberk_core::inbound::{Authentication, Protocol};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::nobody::Nobody;
use crate::support::program::{Program, Taken, greeted, greets};
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, detect_within, endpoint, meshed, only, routed, routes, server_policy};
use crate::support::{eventually, run};

const DB: &str = "db.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";
/// How long a turn is waited for.
const TURN: Duration = Duration::from_millis(50);
const HOUR: Duration = Duration::from_secs(3600);
const REQUEST: &[u8] = b"GET /late HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n";

fn patient() -> Arc<Table> {
    let table = Table::new();
    table.inbound.send_replace(server_policy(detect_within(HOUR), Authentication::Unauthenticated));
    table
}

async fn outbound(table: &Arc<Table>, detect_timeout: Duration) -> Proxy {
    Proxy::outbound_with(&Authority::new(), CLIENT, table, detect_timeout).await
}

async fn echoes(mut socket: TcpStream) {
    socket.write_all(b"EHLO").await.unwrap();
    let mut echo = [0; 4];
    socket.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"EHLO");
}

async fn read_to_end(mut socket: TcpStream) -> String {
    let mut all = Vec::new();
    let _ = socket.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[test]
fn a_greeting_passes_through_one_proxy_and_the_connection_goes_on() {
    run(async {
        let (table, server) = (patient(), greets().await);
        table.set_endpoints([endpoint(server)]);
        let outbound = outbound(&table, HOUR).await;
        let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
        inbound.original.set(server);
        for proxy in [&outbound, &inbound] {
            for _ in 0..3 {
                echoes(greeted(proxy.addr).await).await;
            }
        }
        assert_eq!(inbound.count("inbound_tcp_authz_allow_total", &["tls=\"no_identity\""]), 3.0);
    });
}

#[test]
fn a_greeting_passes_through_two_proxies_with_and_without_a_transport_header() {
    run(async {
        let (authority, table, server) = (Authority::new(), patient(), greets().await);
        table.inbound.send_replace(server_policy(detect_within(HOUR), only(CLIENT)));
        let inbound = Proxy::inbound(&authority, DB, &table).await;
        let outbound = Proxy::outbound_with(&authority, CLIENT, &table, HOUR).await;
        let port = inbound.addr.port();
        let headed = meshed(server, port, DB, ProtocolHint::Http2);
        let plain = Endpoint { transport_port: None, ..meshed(inbound.addr, port, DB, ProtocolHint::Http2) };
        for (endpoint, original) in [(headed, inbound.original.get()), (plain, server)] {
            inbound.original.set(original);
            table.set_endpoints([endpoint]);
            for _ in 0..2 {
                echoes(greeted(outbound.addr).await).await;
            }
        }
        assert_eq!(inbound.count("inbound_tcp_authz_allow_total", &["tls=\"true\"", CLIENT]), 4.0);
    });
}

#[test]
fn of_clients_that_are_silent_at_once_the_third_waits_for_its_turn() {
    run(async {
        // It takes connections, and no handshake.
        let (table, server) = (patient(), Taken::start().await);
        table.set_endpoints([meshed(server.addr, server.addr.port(), DB, ProtocolHint::Http2)]);
        let outbound = outbound(&table, HOUR).await;
        let began = Instant::now();
        let mut connections = Vec::new();
        for _ in 0..3 {
            connections.push(TcpStream::connect(outbound.addr).await.unwrap());
        }
        for _ in 0..3 {
            connections.push(server.next().await);
        }
        assert!(began.elapsed() >= TURN, "{:?}", began.elapsed());
    });
}

#[test]
fn a_client_that_speaks_late_but_before_the_server_is_still_an_http_client() {
    run(async {
        let (authority, table, server) = (Authority::new(), patient(), Taken::start().await);
        let (web, inbound) = (Program::start().await, Proxy::inbound(&authority, DB, &table).await);
        table.set_endpoints([endpoint(server.addr)]);
        inbound.original.set(server.addr);
        let outbound = Proxy::outbound_with(&authority, CLIENT, &table, HOUR).await;
        for (proxy, family) in [(&outbound, "outbound"), (&inbound, "inbound")] {
            let mut socket = TcpStream::connect(proxy.addr).await.unwrap();
            let unneeded = server.next().await;
            // From here on a program answers that would not understand bytes which come on two connections.
            table.set_endpoints([endpoint(web.addr)]);
            socket.write_all(&REQUEST[..1]).await.unwrap();
            if family == "inbound" {
                let (mut near, mut far) = (unneeded, TcpStream::connect(web.addr).await.unwrap());
                socket.write_all(&REQUEST[1..]).await.unwrap();
                // The request comes on a connection of its own, the one made too early ends in good order.
                assert_eq!(near.read(&mut [0; 16]).await.unwrap(), 0);
                let mut served = server.next().await;
                let relay = tokio::io::copy_bidirectional(&mut served, &mut far);
                let (answer, _) = tokio::join!(read_to_end(socket), relay);
                assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            } else {
                socket.write_all(&REQUEST[1..]).await.unwrap();
                assert_eq!(read_to_end(unneeded).await, "");
                let answer = read_to_end(socket).await;
                assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
            }
            assert_eq!(proxy.count("request_total", &[family]), 1.0);
        }
        assert_eq!(web.requests(), 2);
        assert!(!server.has_another().await);
    });
}

#[test]
fn a_request_that_is_split_anywhere_is_a_request() {
    run(async {
        let (table, web) = (patient(), Program::start().await);
        table.set_endpoints([endpoint(web.addr)]);
        let outbound = outbound(&table, HOUR).await;
        for at in 1..REQUEST.len() {
            let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
            socket.set_nodelay(true).unwrap();
            socket.write_all(&REQUEST[..at]).await.unwrap();
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            socket.write_all(&REQUEST[at..]).await.unwrap();
            let answer = read_to_end(socket).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{at}: {answer}");
        }
        assert_eq!(outbound.count("request_total", &["direction=\"outbound\""]), (REQUEST.len() - 1) as f64);
    });
}

#[test]
fn bytes_of_a_client_that_speaks_before_a_slow_server_take_the_connection_that_is_there() {
    run(async {
        let (table, server) = (patient(), Taken::start().await);
        table.set_endpoints([endpoint(server.addr)]);
        let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
        inbound.original.set(server.addr);
        for proxy in [&outbound(&table, HOUR).await, &inbound] {
            let mut socket = TcpStream::connect(proxy.addr).await.unwrap();
            let mut program = server.next().await;
            socket.write_all(b"\x04early").await.unwrap();
            let mut heard = [0; 6];
            program.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"\x04early");
            program.write_all(b"late").await.unwrap();
            drop(program);
            assert_eq!(read_to_end(socket).await, "late");
            assert!(!server.has_another().await);
        }
    });
}

#[test]
fn a_client_that_only_listens_hears_the_server() {
    run(async {
        let (table, server) = (patient(), greets().await);
        table.set_endpoints([endpoint(server)]);
        let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
        inbound.original.set(server);
        for proxy in [&outbound(&table, HOUR).await, &inbound] {
            let mut socket = TcpStream::connect(proxy.addr).await.unwrap();
            socket.shutdown().await.unwrap();
            assert_eq!(read_to_end(socket).await, "hello");
        }
    });
}

#[test]
fn the_end_of_a_silent_server_is_the_end_for_its_client() {
    run(async {
        let (table, server) = (patient(), Taken::start().await);
        table.set_endpoints([endpoint(server.addr)]);
        let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
        inbound.original.set(server.addr);
        for proxy in [&outbound(&table, HOUR).await, &inbound] {
            let socket = TcpStream::connect(proxy.addr).await.unwrap();
            drop(server.next().await);
            assert_eq!(read_to_end(socket).await, "");
        }
    });
}

#[test]
fn when_nobody_speaks_the_server_is_let_go_and_the_client_may_still_speak() {
    run(async {
        let (table, server) = (patient(), Taken::start().await);
        let moment = Duration::from_millis(30);
        table.inbound.send_replace(server_policy(detect_within(moment), Authentication::Unauthenticated));
        table.set_endpoints([endpoint(server.addr)]);
        let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
        inbound.original.set(server.addr);
        for proxy in [&outbound(&table, moment).await, &inbound] {
            let mut socket = TcpStream::connect(proxy.addr).await.unwrap();
            assert_eq!(read_to_end(server.next().await).await, "");
            socket.write_all(REQUEST).await.unwrap();
            let mut program = server.next().await;
            let mut head = [0; 9];
            program.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"GET /late");
            program.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            let answer = read_to_end(socket).await;
            assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
        }
    });
}

#[test]
fn draining_does_not_wait_for_a_silent_client() {
    run(async {
        let (table, server) = (patient(), Taken::start().await);
        table.set_endpoints([endpoint(server.addr)]);
        let outbound = outbound(&table, Duration::from_millis(30)).await;
        let socket = TcpStream::connect(outbound.addr).await.unwrap();
        assert_eq!(read_to_end(server.next().await).await, "");
        outbound.drain.begin();
        assert_eq!(read_to_end(socket).await, "");
        eventually(|| outbound.worker.open() == 0).await;
    });
}

#[test]
fn a_client_that_may_not_pass_bytes_never_makes_a_connection_to_the_program() {
    run(async {
        let (table, server) = (patient(), Taken::start().await);
        let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
        inbound.original.set(server.addr);
        let moment = Duration::from_millis(50);
        let written = Protocol::Detect { timeout: moment, routes: routes("/") };
        for policy in [
            server_policy(written, Authentication::Unauthenticated),
            server_policy(detect_within(moment), only(CLIENT)),
        ] {
            table.inbound.send_replace(policy);
            assert_eq!(read_to_end(TcpStream::connect(inbound.addr).await.unwrap()).await, "");
        }
        assert_eq!(inbound.count("inbound_tcp_errors_total", &["error=\"not http\""]), 1.0);
        assert_eq!(inbound.count("inbound_tcp_errors_total", &["error=\"unauthorized\""]), 1.0);
        assert!(!server.has_another().await);
    });
}

#[test]
fn where_somebody_wrote_routes_bytes_are_refused_and_a_silent_client_makes_no_connection() {
    run(async {
        let (table, server) = (patient(), Taken::start().await);
        table.target.send_replace(Some(routed()));
        table.set_endpoints([endpoint(server.addr)]);
        let outbound = outbound(&table, HOUR).await;
        let mut silent = TcpStream::connect(outbound.addr).await.unwrap();
        let mut bytes = TcpStream::connect(outbound.addr).await.unwrap();
        bytes.write_all(b"\x04bytes").await.unwrap();
        assert_eq!(read_to_end(bytes).await, "");
        assert_eq!(outbound.count("outbound_tcp_errors_total", &["error=\"not http\""]), 1.0);
        silent.write_all(REQUEST).await.unwrap();
        let mut program = server.next().await;
        let mut head = [0; 3];
        program.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"GET", "the first connection is the request's");
    });
}

#[test]
fn a_client_outlives_a_server_that_cannot_be_reached_until_it_speaks() {
    run(async {
        let (table, web) = (patient(), Program::start().await);
        let nobody = Nobody::new();
        table.set_endpoints([endpoint(nobody.addr)]);
        let outbound = outbound(&table, HOUR).await;
        let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
        eventually(|| outbound.worker.open() == 1).await;
        table.set_endpoints([endpoint(web.addr)]);
        socket.write_all(REQUEST).await.unwrap();
        let answer = read_to_end(socket).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        // Without a word of the client the limit ends it.
        table.set_endpoints([endpoint((Ipv4Addr::LOCALHOST, 1).into())]);
        let outbound = self::outbound(&table, Duration::from_millis(30)).await;
        assert_eq!(read_to_end(TcpStream::connect(outbound.addr).await.unwrap()).await, "");
        assert_eq!(outbound.count("outbound_tcp_errors_total", &["error=\"i/o\""]), 1.0);
    });
}
