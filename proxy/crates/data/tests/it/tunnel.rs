//! Connections that stop being HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::outbound::Target;
use hauberk_core::route::Timeouts;
use http::{Request, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::client::{Http1, body, get, raw};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::script::Script;
use crate::support::table::{Table, balanced, detect, endpoint, meshed, only, server_policy};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

struct Mesh {
    table: Arc<Table>,
    inbound: Proxy,
    outbound: Proxy,
}

async fn mesh(program: std::net::SocketAddr) -> Mesh {
    let (authority, table) = (Authority::new(), Table::new());
    let inbound = Proxy::inbound(&authority, WEB, &table).await;
    let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
    table.set_endpoints([meshed(program, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
    Mesh { table, inbound, outbound }
}

/// A tunnel through both proxies that works.
async fn tunnel(mesh: &Mesh) -> TokioIo<Upgraded> {
    let mut client = Http1::connect(mesh.outbound.addr).await;
    let request = get("/ws").header("connection", "upgrade").header("upgrade", "echo");
    let response = client.open(request.body(body("")).unwrap()).await;
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    tunnel.write_all(b"ping").await.unwrap();
    tunnel.read_exact(&mut [0; 4]).await.unwrap();
    tunnel
}

#[test]
fn a_tunnel_is_an_open_connection_that_draining_waits_for() {
    run(async {
        let mesh = mesh(Program::start().await.addr).await;
        let mut tunnel = tunnel(&mesh).await;
        mesh.outbound.drain.begin();
        mesh.inbound.drain.begin();
        tunnel.write_all(b"last").await.unwrap();
        tunnel.read_exact(&mut [0; 4]).await.unwrap();
        assert_eq!((mesh.outbound.worker.open(), mesh.inbound.worker.open()), (1, 1));
        drop(tunnel);
        eventually(|| (mesh.outbound.worker.open(), mesh.inbound.worker.open()) == (0, 0)).await;
    });
}

#[test]
fn a_tunnel_is_a_request_in_flight_to_its_end() {
    run(async {
        let mesh = mesh(Program::start().await.addr).await;
        let in_flight =
            || (mesh.outbound.budgets.outbound.requests.taken(), mesh.inbound.budgets.inbound.requests.taken());
        let tunnel = tunnel(&mesh).await;
        assert_eq!(in_flight(), (1, 1));
        drop(tunnel);
        eventually(|| in_flight() == (0, 0)).await;
    });
}

#[test]
fn a_tunnel_ends_when_policy_of_either_side_forbids_it() {
    run(async {
        let mesh = mesh(Program::start().await.addr).await;
        for forbid in
            [(|table| drop(table.inbound.send_replace(server_policy(detect(), only(WEB))))) as fn(&Table), |table| {
                drop(table.target.send_replace(Some(Target::Refused("no more".into()))))
            }]
        {
            let mut tunnel = tunnel(&mesh).await;
            mesh.table.inbound.send_replace(server_policy(detect(), only(CLIENT)));
            tunnel.write_all(b"ping").await.unwrap();
            tunnel.read_exact(&mut [0; 4]).await.unwrap();
            forbid(&mesh.table);
            let mut rest = Vec::new();
            let _ = tunnel.read_to_end(&mut rest).await;
            assert!(rest.is_empty());
            mesh.table.inbound.send_replace(server_policy(detect(), only(CLIENT)));
        }
    });
}

#[test]
fn a_refused_change_of_protocol_is_an_answer_like_any_other() {
    run(async {
        let refusal = b"HTTP/1.1 426 Upgrade Required\r\nl5d-proxy-error: forged\r\nconnection: x-hop\r\nx-hop: 1\r\n\
                        content-length: 2\r\n\r\nno";
        let script = Script::start(refusal, false).await;
        let mesh = mesh(script.addr).await;
        let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n";
        let got = raw(mesh.outbound.addr, format!("{request}nonsense\r\n\r\n").as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 426 ") && !got.contains("forged") && !got.contains("x-hop"), "{got}");
        assert!(got.contains("\r\n\r\nnoHTTP/1.1 400 "), "{got}");
    });
}

#[test]
fn connect_makes_a_tunnel_if_the_program_agrees() {
    run(async {
        let script = Script::start(b"HTTP/1.1 200 Yes\r\n\r\nhello", false).await;
        let mesh = mesh(script.addr).await;
        let request = Request::connect("db:5432").header("host", "other").body(body("")).unwrap();
        let response = Http1::connect(mesh.outbound.addr).await.open(request).await;
        let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        let mut greeting = [0; 5];
        tunnel.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"hello");
        tunnel.write_all(b"GET /not-http HTTP/1.1\r\n").await.unwrap();
        eventually(|| script.heard(0).ends_with("GET /not-http HTTP/1.1\r\n")).await;
        let head = format!("CONNECT db:5432 HTTP/1.1\r\nhost: db:5432\r\nl5d-client-id: {CLIENT}\r\n\r\n");
        assert!(script.heard(0).starts_with(&head), "{}", script.heard(0));
    });
}

#[test]
fn a_request_for_a_tunnel_has_the_time_that_policy_gives_and_a_tunnel_as_much_as_it_needs() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(program.addr)]);
        let limit = Duration::from_millis(50);
        let limits = Timeouts { request: Some(limit), ..Timeouts::default() };
        table.target.send_replace(Some(balanced(|action| action.timeouts = limits)));
        let wish = || get("/ws").header("connection", "upgrade").header("upgrade", "echo").body(body("")).unwrap();
        program.hangs.set(true);
        let answer = Http1::connect(outbound.addr).await.send(wish()).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(outbound.count("response_total", &["status_code=\"504\""]), 1.0);
        program.hangs.set(false);
        let response = Http1::connect(outbound.addr).await.open(wish()).await;
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        let begun = Instant::now();
        while begun.elapsed() < 2 * limit {
            tunnel.write_all(b"still").await.unwrap();
            let mut echoed = [0; 5];
            tunnel.read_exact(&mut echoed).await.unwrap();
        }
    });
}
