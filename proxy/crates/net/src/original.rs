//! Where a redirected connection wanted to go.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::SockRef;
use tokio::net::TcpStream;

/// The destination before the redirect (`SO_ORIGINAL_DST`, `IP6T_SO_ORIGINAL_DST`), IPv4-mapped addresses unwrapped.
///
/// Fails where the kernel has no record of a redirect; without connection tracking that is every connection.
pub fn destination(stream: &TcpStream) -> io::Result<SocketAddr> {
    let socket = SockRef::from(stream);
    let local = stream.local_addr()?;
    let original = match canonical(local).ip() {
        IpAddr::V4(_) => socket.original_dst_v4()?,
        IpAddr::V6(_) => socket.original_dst_v6()?,
    };
    original
        .as_socket()
        .map(canonical)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the original destination is not an IP address"))
}

/// The same address without an IPv4-mapped form.
pub fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}
