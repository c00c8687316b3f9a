//! HTTP/2 connections that requests share: with whom they were made, and how many requests each carries at once.

use std::sync::Arc;

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use hauberk_core::identity::{Id, TlsTarget};
use http::StatusCode;
use tokio::task::JoinSet;

use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, meshed};
use crate::support::ways::{CLIENT, WEB};
use crate::support::{eventually, run};

const DB: &str = "db.default.serviceaccount.identity.hauberk.cluster.local";
/// Requests in flight on one connection before another one is opened.
const IN_FLIGHT_MAX: usize = 100;

#[test]
fn a_connection_to_one_identity_carries_nothing_that_is_meant_for_another_one_at_its_address() {
    run(async {
        for (hint, connections) in [(ProtocolHint::Http2, 1.0), (ProtocolHint::Unknown, 2.0)] {
            let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
            let inbound = Proxy::inbound(&authority, WEB, &table).await;
            let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
            // Nothing but the identity differs: the name that TLS asks for is the same, so that the server would talk.
            let member = |id: &str| {
                let member = meshed(program.addr, inbound.addr.port(), WEB, hint);
                let tls = member.tls.map(|tls| TlsTarget { id: Id::Dns(Arc::from(id)), ..tls });
                Endpoint { tls, ..member }
            };
            let opened = || inbound.count("tcp_open_total", &["peer=\"src\""]);
            let (mut http1, mut http2) = (Http1::connect(outbound.addr).await, Http2::connect(outbound.addr).await);
            let mut ask = async || {
                let first = http1.send(get("/").body(body("")).unwrap()).await;
                [first.status, http2.send(post2("/").body(body("")).unwrap()).await.status]
            };
            table.set_endpoints([member(WEB)]);
            assert_eq!(ask().await, [StatusCode::OK; 2]);
            assert_eq!(opened(), connections, "{hint:?}");
            table.set_endpoints([member(DB)]);
            assert_eq!(ask().await, [StatusCode::BAD_GATEWAY; 2], "{hint:?}: the server cannot prove it");
            assert_eq!((program.requests(), opened()), (2, connections), "{hint:?}");
            // What nobody may use any more is not kept.
            eventually(|| inbound.worker.open() == 0).await;
            table.set_endpoints([member(WEB)]);
            assert_eq!(ask().await, [StatusCode::OK; 2]);
            assert_eq!(opened(), 2.0 * connections, "{hint:?}");
        }
    });
}

#[test]
fn another_connection_is_opened_once_so_many_requests_are_in_flight_on_each() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let client = Http2::connect(outbound.addr).await;
        program.hangs.set(true);
        let ends = [(&outbound, "peer=\"dst\""), (&inbound, "peer=\"src\""), (&inbound, "peer=\"dst\"")];
        let mut asking = JoinSet::new();
        for (in_flight, connections) in [
            (1, 1.0),
            (IN_FLIGHT_MAX, 1.0),
            (IN_FLIGHT_MAX + 1, 2.0),
            (2 * IN_FLIGHT_MAX, 2.0),
            (2 * IN_FLIGHT_MAX + 1, 3.0),
        ] {
            while asking.len() < in_flight {
                let mut client = client.clone();
                asking.spawn_local(async move { client.send(post2("/").body(body("")).unwrap()).await.status });
            }
            eventually(|| program.requests() == in_flight).await;
            let opened = ends.map(|(proxy, peer)| proxy.count("tcp_open_total", &[peer]));
            assert_eq!(opened, [connections; 3], "{in_flight} in flight");
        }
        program.released.notify_waiters();
        assert!(asking.join_all().await.iter().all(|status| *status == StatusCode::OK));
    });
}
