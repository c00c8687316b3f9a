//! Which families a listener takes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hauberk_net::listen::{bind, bind_ipv6_only};
use hauberk_net::original::canonical;
use tokio::net::{TcpListener, TcpStream};

const ANY: Ipv6Addr = Ipv6Addr::UNSPECIFIED;

/// Connects to loopback of a family, and returns where the accepted connection is from.
async fn greeted(listener: &TcpListener, ip: IpAddr) -> IpAddr {
    let addr = SocketAddr::new(ip, listener.local_addr().unwrap().port());
    let _connected = TcpStream::connect(addr).await.unwrap();
    canonical(listener.accept().await.unwrap().1).ip()
}

#[tokio::test]
async fn the_address_of_all_ipv6_takes_both_families() {
    let listener = bind((ANY, 0).into(), 16, false).unwrap();
    for ip in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        assert_eq!(greeted(&listener, ip).await, ip);
    }
}

#[tokio::test]
async fn two_listeners_share_a_port_by_family() {
    let ipv4 = bind((Ipv4Addr::UNSPECIFIED, 0).into(), 16, false).unwrap();
    let port = ipv4.local_addr().unwrap().port();
    let ipv6 = bind_ipv6_only((ANY, port).into(), 16).unwrap();
    let loopback = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    assert_eq!((greeted(&ipv4, loopback.0).await, greeted(&ipv6, loopback.1).await), loopback);
}
