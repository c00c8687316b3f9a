//! All ways work over IPv6 as they do over IPv4.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use hauberk_core::inbound::{Authentication, Authorization, Cidr, Network, Protocol, ServerPolicy};
use hauberk_core::name::Suffixes;
use hauberk_core::outbound::Target;
use http::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::client::{Http1, body, get};
use crate::support::proxy::{Authority, Proxy};
use crate::support::run;
use crate::support::table::{Table, detect, endpoint, meshed, meta};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";
const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// A server that says the same to everybody: to each request, or to each connection before a word was said.
async fn server(ip: IpAddr, asked: bool) -> SocketAddr {
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((mut socket, peer)) = listener.accept().await {
            assert_eq!(peer.ip(), ip);
            tokio::task::spawn_local(async move {
                if !asked {
                    let _ = socket.write_all(ANSWER).await;
                }
                while socket.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {
                    let _ = socket.write_all(ANSWER).await;
                }
            });
        }
    });
    addr
}

/// Everybody may, from both families.
fn everybody(protocol: Protocol) -> Arc<ServerPolicy> {
    let all = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    let networks = all.map(|addr| Network { net: Cidr { addr, prefix: 0 }, except: Vec::new() }).to_vec();
    let authorization = Authorization { meta: meta("all"), networks, authentication: Authentication::Unauthenticated };
    let authorizations = Arc::from([Arc::new(authorization)]);
    Arc::new(ServerPolicy { meta: meta("server"), protocol, authorizations, rate_limits: None, version: None })
}

/// An original destination of a family.
fn service(ip: IpAddr) -> SocketAddr {
    if ip.is_ipv4() { SocketAddr::from(([10, 78, 0, 1], 80)) } else { "[fd00:78::1]:80".parse().unwrap() }
}

async fn get_through(proxy: &Proxy) -> (StatusCode, String) {
    let answer = Http1::connect(proxy.addr).await.send(get("/").body(body("")).unwrap()).await;
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

async fn greeting_through(proxy: &Proxy) -> String {
    let mut socket = TcpStream::connect(proxy.addr).await.unwrap();
    let mut word = [0; 8];
    socket.read_exact(&mut word).await.unwrap();
    String::from_utf8_lossy(&word).into_owned()
}

#[test]
fn every_way_to_a_program_works_in_both_families() {
    run(async {
        let (authority, table) = (Authority::new(), Table::new());
        table.inbound.send_replace(everybody(detect()));
        for (near, far) in [(V4, V4), (V6, V6), (V4, V6), (V6, V4)] {
            let gateway = |config: &mut hauberk_data::config::Config| {
                config.inbound.gateway = Suffixes::parse("svc.cluster.local").unwrap();
            };
            let inbound = Proxy::inbound_at(&authority, WEB, &table, far, gateway).await;
            let outbound = Proxy::outbound_at(&authority, CLIENT, &table, near, |_| {}).await;
            outbound.original.set(service(near));
            let (port, own) = (inbound.addr.port(), inbound.original.get());
            for asked in [true, false] {
                let program = server(far, asked).await;
                let name = format!("{}:80", if asked { "web.svc.cluster.local" } else { "db.svc.cluster.local" });
                table.name(&name, Target::Endpoint { endpoint: Arc::new(endpoint(program)), opaque: false });
                let direct = meshed(program, port, WEB, ProtocolHint::Http2);
                let transparent =
                    Endpoint { transport_port: None, ..meshed(inbound.addr, port, WEB, ProtocolHint::Http2) };
                let named = Endpoint { authority_override: Some(name.into()), ..transparent.clone() };
                for (endpoint, original) in
                    [(endpoint(program), own), (direct, own), (transparent, program), (named, own)]
                {
                    inbound.original.set(original);
                    table.set_endpoints([endpoint.clone()]);
                    if asked {
                        let expected = (StatusCode::OK, "hi".to_owned());
                        assert_eq!(get_through(&outbound).await, expected, "{near} {endpoint:?}");
                    } else {
                        assert_eq!(greeting_through(&outbound).await, "HTTP/1.1", "{near} {endpoint:?}");
                    }
                }
            }
        }
    });
}
