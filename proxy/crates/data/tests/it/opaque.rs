//! Bytes that nobody reads.

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::inbound::{self, Authentication};
use hauberk_core::outbound::Target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::endings::begun;
use crate::support::nobody::Nobody;
use crate::support::program::{answers_at_the_end, greets};
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, endpoint, meshed, only, opaque, server_policy};
use crate::support::ways::{Way, Ways};

const DB: &str = "db.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

struct Mesh {
    table: std::sync::Arc<Table>,
    inbound: Proxy,
    outbound: Proxy,
}

/// A mesh in which only the client may talk to the program at `addr`.
async fn mesh(addr: std::net::SocketAddr) -> Mesh {
    let (authority, table) = (Authority::new(), Table::new());
    table.target.send_replace(Some(opaque()));
    table.inbound.send_replace(server_policy(inbound::Protocol::Opaque, only(CLIENT)));
    let inbound = Proxy::inbound(&authority, DB, &table).await;
    let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
    table.set_endpoints([meshed(addr, inbound.addr.port(), DB, ProtocolHint::Opaque)]);
    Mesh { table, inbound, outbound }
}

async fn ends(mut socket: TcpStream) {
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[test]
fn each_direction_ends_on_its_own() {
    run(async {
        let mesh = mesh(answers_at_the_end().await).await;
        let mut socket = TcpStream::connect(mesh.outbound.addr).await.unwrap();
        let sent = vec![b'x'; 300_000];
        socket.write_all(&sent).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut got = Vec::new();
        socket.read_to_end(&mut got).await.unwrap();
        assert_eq!(got.len(), sent.len());
        assert_eq!(mesh.inbound.count("inbound_tcp_authz_allow_total", &["tls=\"true\""]), 1.0);
    });
}

#[test]
fn a_server_may_speak_first() {
    run(async {
        let mesh = mesh(greets().await).await;
        let mut socket = TcpStream::connect(mesh.outbound.addr).await.unwrap();
        let mut greeting = [0; 5];
        socket.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"hello");
    });
}

#[test]
fn an_open_connection_ends_when_the_server_s_policy_forbids_it() {
    run(async {
        let mesh = mesh(greets().await).await;
        let mut socket = TcpStream::connect(mesh.outbound.addr).await.unwrap();
        socket.read_exact(&mut [0; 5]).await.unwrap();
        mesh.table.inbound.send_replace(server_policy(inbound::Protocol::Opaque, only(DB)));
        ends(socket).await;
        assert_eq!(mesh.inbound.count("inbound_tcp_authz_terminate_total", &[]), 1.0);
    });
}

#[test]
fn an_open_connection_ends_when_the_destination_is_refused() {
    run(async {
        let mesh = mesh(greets().await).await;
        let mut socket = TcpStream::connect(mesh.outbound.addr).await.unwrap();
        socket.read_exact(&mut [0; 5]).await.unwrap();
        mesh.table.target.send_replace(Some(Target::Refused("no more".into())));
        ends(socket).await;
    });
}

#[test]
fn another_endpoint_is_tried_when_one_cannot_be_reached() {
    run(async {
        let mesh = mesh(greets().await).await;
        let nobody = Nobody::new();
        mesh.table.set_endpoints([endpoint(nobody.addr), endpoint(greets().await)]);
        for _ in 0..5 {
            let mut socket = TcpStream::connect(mesh.outbound.addr).await.unwrap();
            socket.read_exact(&mut [0; 5]).await.unwrap();
        }
    });
}

#[test]
fn loopback_and_the_proxy_itself_are_no_destinations() {
    run(async {
        let mesh = mesh(greets().await).await;
        let own = mesh.outbound.addr;
        let inbound_port = std::net::SocketAddr::new([10, 77, 0, 9].into(), own.port());
        for target in [own, (std::net::Ipv4Addr::LOCALHOST, 80).into(), inbound_port] {
            mesh.outbound.original.set(target);
            ends(TcpStream::connect(own).await.unwrap()).await;
        }
        assert_eq!(mesh.outbound.count("outbound_tcp_errors_total", &["error=\"loop\""]), 3.0);
    });
}

#[test]
fn a_port_whose_bytes_nobody_reads_is_skipped() {
    run(async {
        let ways = Ways::new().await;
        let open = |reason: &str| ways.plain.count("tcp_open_total", &["peer=\"src\"", reason]);
        let (_client, _program) = begun(&ways, Way::Inbound).await;
        assert_eq!(open("tls=\"no_identity\",no_tls_reason=\"loopback\""), 1.0);
        ways.table.inbound.send_replace(server_policy(inbound::Protocol::Opaque, Authentication::Unauthenticated));
        let mut client = ways.client(Way::Inbound).await;
        client.say("any").await;
        ways.served().await.until("any").await;
        assert_eq!(open("tls=\"no_identity\",no_tls_reason=\"port_skipped\""), 1.0);
        assert_eq!(ways.plain.count("inbound_tcp_authz_allow_total", &["no_tls_reason=\"port_skipped\""]), 1.0);
    });
}
