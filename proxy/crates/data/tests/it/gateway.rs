//! Another cluster's proxy asks this gateway for a destination by name.

use std::net::Ipv4Addr;
use std::sync::Arc;

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use hauberk_core::inbound::Protocol;
use hauberk_core::name::Suffixes;
use hauberk_core::outbound::Target;
use http::{StatusCode, Version};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::program::{Program, greets};
use crate::support::proxy::{Authority, Proxy, from_elsewhere};
use crate::support::run;
use crate::support::table::{Table, detect, endpoint, meshed, only, opaque, routes, server_policy};

const GATEWAY: &str = "gateway.mesh.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";
const NAME: &str = "web.default.svc.cluster.local:8080";

/// The gateway in the cluster of `there`, and a client in another cluster, whose control plane is `here`.
struct Clusters {
    here: Arc<Table>,
    there: Arc<Table>,
    gateway: Proxy,
    client: Proxy,
}

async fn clusters() -> Clusters {
    let (authority, here, there) = (Authority::new(), Table::new(), Table::new());
    there.inbound.send_replace(server_policy(Protocol::Opaque, only(CLIENT)));
    let ip = Ipv4Addr::LOCALHOST.into();
    let suffixes = Suffixes::parse("svc.cluster.local.").unwrap();
    let mut gateway =
        Proxy::inbound_at(&authority, GATEWAY, &there, ip, |config| config.inbound.gateway = suffixes).await;
    gateway.addr = from_elsewhere(gateway.addr).await;
    let client = Proxy::outbound(&authority, CLIENT, &here).await;
    Clusters { here, there, gateway, client }
}

impl Clusters {
    /// The client's service is `name` behind the gateway.
    fn mirror(&self, name: &str, hint: ProtocolHint) {
        let authority_override = Some(Arc::from(name));
        let gateway = meshed(self.gateway.addr, 0, GATEWAY, hint);
        self.here.set_endpoints([Endpoint { transport_port: None, authority_override, ..gateway }]);
    }

    async fn get(&self) -> StatusCode {
        let request = get("/").body(body("")).unwrap();
        Http1::connect(self.client.addr).await.send(request).await.status
    }
}

fn to(addr: std::net::SocketAddr) -> Target {
    Target::Endpoint { endpoint: Arc::new(endpoint(addr)), opaque: false }
}

#[test]
fn requests_reach_the_destination_that_is_named_and_say_which_way_they_came() {
    run(async {
        let (clusters, web) = (clusters().await, Program::start().await);
        clusters.there.name(NAME, to(web.addr));
        clusters.mirror(NAME, ProtocolHint::Http2);
        let mut client = Http1::connect(clusters.client.addr).await;
        for _ in 0..2 {
            let answer = client.send(get("/one").body(body("ping")).unwrap()).await;
            assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"ping"[..]));
        }
        let answer = Http2::connect(clusters.client.addr).await.send(post2("/two").body(body("pong")).unwrap()).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"pong"[..]));
        assert_eq!(answer.trailers.unwrap()["grpc-status"], "0");
        let seen = web.seen.borrow();
        assert_eq!([seen[0].version, seen[2].version], [Version::HTTP_11, Version::HTTP_2]);
        assert_eq!(seen[0].headers["host"], NAME);
        let hop = format!("by={GATEWAY};for={CLIENT};host=\"{NAME}\";proto=https");
        assert!(seen.iter().all(|seen| seen.headers["forwarded"] == hop), "{:?}", seen[0].headers);
        assert!(seen.iter().all(|seen| !seen.headers.contains_key("l5d-client-id")), "the program has no proxy");
        let labels = ["direction=\"outbound\"", &format!("target_addr=\"{}\"", web.addr)];
        assert_eq!(clusters.gateway.count("request_total", &labels), 3.0);
    });
}

#[test]
fn bytes_reach_the_destination_that_is_named() {
    run(async {
        let clusters = clusters().await;
        clusters.there.name(NAME, to(greets().await));
        clusters.mirror(NAME, ProtocolHint::Opaque);
        clusters.here.target.send_replace(Some(opaque()));
        let mut socket = TcpStream::connect(clusters.client.addr).await.unwrap();
        let mut greeting = [0; 5];
        socket.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"hello");
        // Policy of the gateway's own port ends it.
        clusters.there.inbound.send_replace(server_policy(Protocol::Opaque, only(GATEWAY)));
        assert_eq!(socket.read(&mut greeting).await.unwrap_or(0), 0);
        assert_eq!(clusters.gateway.count("inbound_tcp_authz_terminate_total", &[]), 1.0);
    });
}

#[test]
fn only_names_under_the_gateway_s_suffixes_that_the_control_plane_knows_are_destinations() {
    run(async {
        let (clusters, web) = (clusters().await, Program::start().await);
        clusters.there.name("web.example.com:80", to(web.addr));
        for unknown in ["web.example.com:80", "nobody.default.svc.cluster.local:80"] {
            clusters.here.target.send_replace(Some(crate::support::table::balanced(|_| {})));
            clusters.mirror(unknown, ProtocolHint::Http2);
            assert_eq!(clusters.get().await, StatusCode::NOT_FOUND, "{unknown}");
            clusters.here.target.send_replace(Some(opaque()));
            clusters.mirror(unknown, ProtocolHint::Opaque);
            let mut socket = TcpStream::connect(clusters.client.addr).await.unwrap();
            assert_eq!(socket.read(&mut [0; 5]).await.unwrap_or(0), 0, "{unknown}");
        }
        assert_eq!(web.requests(), 0);
        let invalid = ["error=\"gateway domain invalid\""];
        assert_eq!(clusters.gateway.count("inbound_tcp_errors_total", &invalid), 1.0);
    });
}

#[test]
fn what_came_through_this_gateway_before_is_a_loop() {
    run(async {
        let (clusters, web) = (clusters().await, Program::start().await);
        clusters.there.name(NAME, to(web.addr));
        clusters.mirror(NAME, ProtocolHint::Http2);
        let mut client = Http1::connect(clusters.client.addr).await;
        let came =
            |by: &str| get("/").header("forwarded", format!("for=a, By={by};proto=https")).body(body("")).unwrap();
        assert_eq!(client.send(came(GATEWAY)).await.status, StatusCode::LOOP_DETECTED);
        assert_eq!(client.send(came("other.mesh")).await.status, StatusCode::OK);
        assert_eq!(web.seen.borrow()[0].headers.get_all("forwarded").iter().count(), 2);
    });
}

#[test]
fn policy_of_the_gateway_s_own_port_decides() {
    run(async {
        let (clusters, web) = (clusters().await, Program::start().await);
        clusters.there.name(NAME, to(web.addr));
        clusters.mirror(NAME, ProtocolHint::Http2);
        clusters.there.inbound.send_replace(server_policy(detect(), only(GATEWAY)));
        assert_eq!(clusters.get().await, StatusCode::FORBIDDEN);
        let public = Protocol::Http2(routes("/public"));
        clusters.there.inbound.send_replace(server_policy(public, only(CLIENT)));
        assert_eq!(clusters.get().await, StatusCode::NOT_FOUND);
        let request = get("/public/a").body(body("")).unwrap();
        assert_eq!(Http1::connect(clusters.client.addr).await.send(request).await.status, StatusCode::OK);
        assert_eq!(web.requests(), 1);
    });
}
