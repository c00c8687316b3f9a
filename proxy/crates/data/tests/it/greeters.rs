//! What a proxy learns of servers that speak first: of whom it holds, and what it does not decide.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::inbound::{Authentication, Protocol};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::support::program::{Program, Taken, greeted, greets};
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, detect_within, endpoint, meshed, routed, routes, server_policy};
use crate::support::talk::{End, Talk};
use crate::support::ways::{CLIENT, WEB};

const DB: &str = "db.default.serviceaccount.identity.hauberk.cluster.local";
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
const HOUR: Duration = Duration::from_secs(3600);
const REQUEST: &str = "GET / HTTP/1.1\r\nhost: web\r\nconnection: close\r\n\r\n";

#[test]
fn what_is_learned_holds_for_an_identity_wherever_it_is_and_for_no_other() {
    run(async {
        let (authority, table, server) = (Authority::new(), Table::new(), greets().await);
        table.inbound.send_replace(server_policy(detect_within(HOUR), Authentication::Unauthenticated));
        let inbound = Proxy::inbound(&authority, DB, &table).await;
        let outbound = Proxy::outbound_with(&authority, CLIENT, &table, HOUR).await;
        table.set_endpoints([meshed(server, inbound.addr.port(), DB, ProtocolHint::Http2)]);
        drop(greeted(outbound.addr).await);
        // A workload whose proxy breaks off. Who certainly waits for its greeting is told at once, all others may speak.
        let broken = TcpListener::bind((ELSEWHERE, 0)).await.unwrap();
        let port = broken.local_addr().unwrap().port();
        let moved = |name| meshed((ELSEWHERE, server.port()).into(), port, name, ProtocolHint::Http2);
        let web = Program::start().await;
        for (name, is_known) in [(DB, true), (WEB, false)] {
            table.set_endpoints([moved(name)]);
            let mut client = Talk::to(outbound.addr).await;
            drop(broken.accept().await.unwrap());
            if is_known {
                assert_eq!(client.rest().await, (String::new(), End::Orderly));
                continue;
            }
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            table.set_endpoints([endpoint(web.addr)]);
            client.say(REQUEST).await;
            assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        }
    });
}

/// What is known, a server, and the proxies of both sides before it, which wait for a client's word as long as it takes.
async fn before_one_server() -> (Arc<Table>, Taken, Proxy, Proxy) {
    let (table, server) = (Table::new(), Taken::start().await);
    table.inbound.send_replace(server_policy(detect_within(HOUR), Authentication::Unauthenticated));
    table.set_endpoints([endpoint(server.addr)]);
    let outbound = Proxy::outbound_with(&Authority::new(), CLIENT, &table, HOUR).await;
    let inbound = Proxy::inbound(&Authority::new(), DB, &table).await;
    inbound.original.set(server.addr);
    (table, server, outbound, inbound)
}

#[test]
fn what_is_learned_does_not_decide_what_the_next_client_speaks() {
    run(async {
        let (_table, server, outbound, inbound) = before_one_server().await;
        for proxy in [&outbound, &inbound] {
            for _ in 0..2 {
                let greeting = async { server.next().await.write_all(b"hello").await.unwrap() };
                tokio::join!(greeted(proxy.addr), greeting);
            }
            // The server is known to speak first, and for once does not.
            let mut client = Talk::to(proxy.addr).await;
            let early = server.next().await;
            client.say(REQUEST).await;
            let mut asked = Talk::over(server.next().await);
            assert!(asked.head().await.starts_with("GET / HTTP/1.1\r\n"));
            asked.say("HTTP/1.1 204 No Content\r\n\r\n").await;
            assert!(client.head().await.starts_with("HTTP/1.1 204 "));
            assert_eq!(Talk::over(early).rest().await, (String::new(), End::Orderly));
            assert_eq!(proxy.count("request_total", &[]), 1.0);
        }
    });
}

#[test]
fn what_is_learned_lets_no_bytes_pass_where_policy_decides_by_request() {
    run(async {
        let (table, server, outbound, inbound) = before_one_server().await;
        let sides = [(&outbound, "outbound"), (&inbound, "inbound")];
        for (proxy, _) in sides {
            let greeting = async { server.next().await.write_all(b"hello").await.unwrap() };
            tokio::join!(greeted(proxy.addr), greeting);
        }
        // The server speaks first, as both proxies know. Now somebody writes routes for it.
        table.target.send_replace(Some(routed()));
        let written = Protocol::Detect { timeout: HOUR, routes: routes("/") };
        table.inbound.send_replace(server_policy(written, Authentication::Unauthenticated));
        for (proxy, side) in sides {
            let mut silent = Talk::to(proxy.addr).await;
            let mut bytes = Talk::to(proxy.addr).await;
            bytes.say(b"\x04bytes").await;
            assert_eq!(bytes.rest().await.0, "", "{side}");
            assert_eq!(proxy.count(&format!("{side}_tcp_errors_total"), &["error=\"not http\""]), 1.0);
            assert!(!server.has_another().await, "{side}: the server is asked for no greeting");
            silent.say(REQUEST).await;
            let mut asked = Talk::over(server.next().await);
            assert!(asked.head().await.starts_with("GET / HTTP/1.1\r\n"), "{side}");
            asked.say("HTTP/1.1 204 No Content\r\n\r\n").await;
            assert!(silent.head().await.starts_with("HTTP/1.1 204 "), "{side}");
        }
    });
}
