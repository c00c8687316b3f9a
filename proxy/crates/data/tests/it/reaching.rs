//! Endpoints that refuse connections: they are asked seldom, and again.

use std::time::Duration;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::outbound::Backoff;
use tokio::task::JoinSet;

use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::nobody::Nobody;
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, endpoint, meshed};
use crate::support::ways::{CLIENT, WEB};

async fn outbound(table: &std::sync::Arc<Table>, pause: Duration) -> Proxy {
    let ip = std::net::Ipv4Addr::LOCALHOST.into();
    let change = |config: &mut hauberk_data::config::Config| {
        config.outbound.connect_backoff = Backoff { min: pause, max: pause, jitter: 0.0 };
    };
    Proxy::outbound_at(&Authority::new(), CLIENT, table, ip, change).await
}

#[test]
fn an_endpoint_that_refused_is_left_alone_while_there_are_others() {
    run(async {
        let (table, program, deaf) = (Table::new(), Program::start().await, Nobody::new());
        let outbound = outbound(&table, Duration::from_secs(3600)).await;
        table.set_endpoints([endpoint(program.addr), endpoint(deaf.addr)]);
        let mut client = Http1::connect(outbound.addr).await;
        for _ in 0..100 {
            assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, 200);
        }
        let tried = |addr| outbound.count("request_total", &[&format!("target_addr=\"{addr}\"")]);
        assert_eq!((tried(deaf.addr), tried(program.addr)), (1.0, 100.0));
    });
}

#[test]
fn an_endpoint_that_refused_is_asked_again_after_the_pause() {
    run(async {
        let (table, program, deaf) = (Table::new(), Program::start().await, Nobody::new());
        let outbound = outbound(&table, Duration::from_millis(5)).await;
        let addr = deaf.addr;
        table.set_endpoints([endpoint(program.addr), endpoint(addr)]);
        let mut client = Http1::connect(outbound.addr).await;
        let tried = |addr| outbound.count("request_total", &[&format!("target_addr=\"{addr}\"")]);
        while tried(addr) < 1.0 {
            assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, 200);
        }
        let listening = deaf.listen();
        let asking = async {
            loop {
                client.send(get("/").body(body("")).unwrap()).await;
            }
        };
        tokio::select! {
            accepted = listening.accept() => drop(accepted.unwrap()),
            () = asking => unreachable!("it asks for ever"),
        }
    });
}

#[test]
fn requests_that_find_out_together_are_one_refusal() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let backoff = Backoff { min: Duration::from_millis(5), max: Duration::from_secs(3600), jitter: 0.0 };
        let ip = std::net::Ipv4Addr::LOCALHOST.into();
        let change = |config: &mut hauberk_data::config::Config| config.outbound.connect_backoff = backoff;
        let outbound = Proxy::outbound_at(&authority, CLIENT, &table, ip, change).await;
        let deaf = Nobody::new();
        let (addr, proxy_port) = (deaf.addr, deaf.addr.port());
        let member = |addr| meshed(addr, proxy_port, WEB, ProtocolHint::Http2);
        table.set_endpoints([member(addr)]);
        let client = Http2::connect(outbound.addr).await;
        let mut asking = JoinSet::new();
        for _ in 0..100 {
            let mut client = client.clone();
            asking.spawn_local(async move { client.send(post2("/").body(body("")).unwrap()).await.status });
        }
        assert!(asking.join_all().await.iter().all(|status| *status == 502));
        // A hundred pauses, each twice the last one, would be for ever.
        let listening = deaf.listen();
        table.set_endpoints([endpoint(program.addr), member(addr)]);
        let asking = async {
            loop {
                client.clone().send(post2("/").body(body("")).unwrap()).await;
            }
        };
        tokio::select! {
            accepted = listening.accept() => drop(accepted.unwrap()),
            () = asking => unreachable!("it asks for ever"),
        }
    });
}
