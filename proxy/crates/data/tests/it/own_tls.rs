//! TLS of the program's own passes as it is; the server name is read on the way.

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::identity::{Id, TlsTarget};
use rustls::ClientConnection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::program::answers_at_the_end;
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, endpoint, meshed};

const DB: &str = "db.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

/// The first message of a TLS client that asks for `name`.
fn client_hello(authority: &Authority, name: &'static str) -> Vec<u8> {
    let target = TlsTarget { id: Id::Dns(name.into()), server_name: name.into() };
    let config = authority.store(CLIENT).client_config(&target, false).unwrap();
    let mut connection = ClientConnection::new(config, name.try_into().unwrap()).unwrap();
    let mut hello = Vec::new();
    connection.write_tls(&mut hello).unwrap();
    hello
}

#[test]
fn the_server_name_becomes_a_label_and_no_byte_is_lost() {
    run(async {
        let (authority, table, server) = (Authority::new(), Table::new(), answers_at_the_end().await);
        let inbound = Proxy::inbound(&authority, DB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        let hello = client_hello(&authority, "shop.example");
        let plain = endpoint(server);
        let through = meshed(server, inbound.addr.port(), DB, ProtocolHint::Http2);
        for (at, endpoint, pieces) in [
            (outbound.addr, plain.clone(), hello.len()),
            (outbound.addr, plain.clone(), 3),
            (outbound.addr, through, 100),
            (inbound.addr, plain, 7),
        ] {
            table.set_endpoints([endpoint]);
            inbound.original.set(if at == inbound.addr { server } else { inbound.original.get() });
            let mut socket = TcpStream::connect(at).await.unwrap();
            socket.set_nodelay(true).unwrap();
            for piece in hello.chunks(pieces) {
                socket.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            socket.shutdown().await.unwrap();
            let mut echo = Vec::new();
            socket.read_to_end(&mut echo).await.unwrap();
            assert!(echo == hello, "what arrived is what was sent");
        }
        let named = ["peer=\"src\"", "sni=\"shop.example\""];
        assert_eq!(outbound.count("tcp_open_total", &named), 3.0);
        assert_eq!(inbound.count("tcp_open_total", &[named[0], named[1], "tls=\"opaque\""]), 1.0);
        assert_eq!(outbound.count("request_total", &[]), 0.0);
    });
}
