//! Who may.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::inbound::{Authentication, Protocol, ServerPolicy};
use hauberk_core::rate::{Limits, Rates};
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Http1, Http2, body, get, post2, raw};
use crate::support::program::{Program, never_answers};
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, detect, meshed, only, opaque, routes, server_policy};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const FRIEND: &str = "friend.default.serviceaccount.identity.hauberk.cluster.local";
const STRANGER: &str = "stranger.default.serviceaccount.identity.hauberk.cluster.local";

#[test]
fn an_identity_that_policy_does_not_name_gets_403_until_policy_changes() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        table.inbound.send_replace(server_policy(detect(), only(FRIEND)));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let friend = Proxy::outbound(&authority, FRIEND, &table).await;
        let stranger = Proxy::outbound(&authority, STRANGER, &table).await;
        let mut allowed = Http1::connect(friend.addr).await;
        assert_eq!(allowed.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        let mut denied = Http1::connect(stranger.addr).await;
        let answer = denied.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.headers["l5d-proxy-error"].to_str().unwrap().contains(STRANGER));
        let call = post2("/svc/Method").header("content-type", "application/grpc").body(body("")).unwrap();
        let answer = Http2::connect(stranger.addr).await.send(call).await;
        assert_eq!(answer.headers["grpc-status"], "7");
        assert_eq!(inbound.count("inbound_http_authz_deny_total", &[&format!("client_id=\"{STRANGER}\"")]), 2.0);
        table.inbound.send_replace(server_policy(detect(), Authentication::Unauthenticated));
        assert_eq!(denied.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        assert_eq!(program.requests(), 2);
    });
}

#[test]
fn a_peer_of_a_foreign_authority_is_nobody() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&Authority::new(), WEB, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let outbound = Proxy::outbound(&Authority::new(), FRIEND, &table).await;
        let answer = Http1::connect(outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert_eq!(program.requests(), 0);
    });
}

#[test]
fn bytes_that_nobody_reads_do_not_pass_where_policy_decides_by_request() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, FRIEND, &table).await;
        let plain = Proxy::inbound(&authority, WEB, &table).await;
        plain.original.set(program.addr);
        // The client says that its bytes are opaque: its proxy does not look, and tells the server's so.
        table.target.send_replace(Some(opaque()));
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Opaque)]);
        let public = || Protocol::Detect { timeout: Duration::from_secs(10), routes: routes("/public") };
        for protocol in [public(), Protocol::Http1(routes("/public"))] {
            table.inbound.send_replace(server_policy(protocol, Authentication::Unauthenticated));
            let forged = "GET /secret HTTP/1.1\r\nhost: a\r\nl5d-client-id: admin\r\nconnection: close\r\n\r\n";
            assert_eq!(raw(outbound.addr, forged.as_bytes()).await, "");
            assert_eq!(raw(plain.addr, format!("\n{forged}").as_bytes()).await, "");
            assert!(raw(plain.addr, format!("\r\n{forged}").as_bytes()).await.starts_with("HTTP/1.1 404 "));
            assert!(raw(plain.addr, forged.as_bytes()).await.starts_with("HTTP/1.1 404 "));
        }
        assert_eq!(program.requests(), 0);
        assert_eq!(inbound.count("inbound_tcp_errors_total", &["error=\"not http\""]), 2.0);
        // A connection from before policy looked at requests ends.
        table.inbound.send_replace(server_policy(Protocol::Opaque, Authentication::Unauthenticated));
        let mut socket = TcpStream::connect(outbound.addr).await.unwrap();
        socket.write_all(b"GET /before HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        eventually(|| program.requests() == 1).await;
        table.inbound.send_replace(server_policy(public(), Authentication::Unauthenticated));
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
        assert_eq!(inbound.count("inbound_tcp_authz_terminate_total", &[]), 1.0);
    });
}

#[test]
fn bytes_that_nobody_counts_do_not_pass_where_requests_have_a_rate() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&Authority::new(), WEB, &table).await;
        inbound.original.set(program.addr);
        let open = server_policy(detect(), Authentication::Unauthenticated);
        let rates = Rates { meta: None, total: NonZeroU32::new(1), identity: None, overrides: Vec::new() };
        let limits = Limits::new(rates, None, Instant::now());
        let limited = ServerPolicy { rate_limits: Some(Arc::new(limits)), ..ServerPolicy::clone(&open) };
        let asked = "\nGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        for (policy, passed) in [(open, 1), (Arc::new(limited), 1)] {
            table.inbound.send_replace(policy);
            raw(inbound.addr, asked.as_bytes()).await;
            assert_eq!(program.requests(), passed);
        }
        assert_eq!(inbound.count("inbound_tcp_errors_total", &["error=\"not http\""]), 1.0);
    });
}

#[test]
fn ports_that_a_peer_tried_are_forgotten() {
    run(async {
        let (authority, table) = (Authority::new(), Table::new());
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        for port in 1..=30 {
            inbound.original.set((Ipv4Addr::LOCALHOST, port).into());
            assert_eq!(raw(inbound.addr, b"*hello").await, "");
        }
        eventually(|| table.inbound.receiver_count() == 0).await;
        inbound.original.set((Ipv4Addr::LOCALHOST, 1).into());
        assert_eq!(raw(inbound.addr, b"*hello").await, "", "it starts afresh");
    });
}

#[test]
fn only_members_of_the_mesh_learn_why_a_call_failed() {
    run(async {
        let (authority, table, broken) = (Authority::new(), Table::new(), never_answers().await);
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, FRIEND, &table).await;
        table.set_endpoints([meshed(broken, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let call = || post2("/svc/Method").header("content-type", "application/grpc").body(body("")).unwrap();
        let answer = Http2::connect(outbound.addr).await.send(call()).await;
        assert!(answer.headers["grpc-message"].to_str().unwrap().contains(&broken.to_string()));
        inbound.original.set(broken);
        let answer = Http2::connect(inbound.addr).await.send(call()).await;
        assert_eq!(answer.headers["grpc-status"], "14");
        assert_eq!(answer.headers["grpc-message"], "i/o");
        assert!(answer.headers.get("l5d-proxy-error").is_none());
    });
}

#[test]
fn a_path_that_can_be_read_in_two_ways_must_be_allowed_in_both() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        inbound.original.set(program.addr);
        table.inbound.send_replace(server_policy(Protocol::Http1(routes("/public")), Authentication::Unauthenticated));
        for (path, status) in [
            ("/public/a%20b", 200),
            ("/public//x", 200),
            ("/public/./x", 200),
            ("/public/../secret", 404),
            ("/public/%2e%2e%2fsecret?q", 404),
            ("/public\\..\\secret", 404),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let answer = raw(inbound.addr, request.as_bytes()).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        }
        assert_eq!(program.requests(), 3);
        assert_eq!(program.seen.borrow()[1].target, "/public//x", "the program gets what was sent");
    });
}
