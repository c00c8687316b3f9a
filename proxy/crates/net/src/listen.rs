//! Listening and connecting with the options that a proxy wants.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::descriptors::{self, RESERVE};

/// How long a peer that went silent is believed to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepAlive {
    /// Idle time before the first probe; `None` sends none.
    pub idle: Option<Duration>,
    /// How long sent bytes may stay unacknowledged; `None` is the kernel's default.
    pub user_timeout: Option<Duration>,
}

impl KeepAlive {
    fn apply(&self, socket: &SockRef<'_>) -> io::Result<()> {
        if let Some(idle) = self.idle {
            socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle))?;
        }
        if self.user_timeout.is_some() {
            socket.set_tcp_user_timeout(self.user_timeout)?;
        }
        Ok(())
    }
}

/// Binds a listener. With `freebind` the address may not exist yet (ip(7), `IP_FREEBIND`). `[::]` takes IPv4 as well, and
/// IPv4 alone where the kernel has no other.
pub fn bind(addr: SocketAddr, backlog: i32, freebind: bool) -> io::Result<TcpListener> {
    match bind_as(addr, backlog, freebind, false) {
        Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) && addr.ip() == Ipv6Addr::UNSPECIFIED => {
            bind_as((Ipv4Addr::UNSPECIFIED, addr.port()).into(), backlog, freebind, false)
        }
        bound => bound,
    }
}

/// Binds a listener for IPv6 beside another one, which has the same port for IPv4.
pub fn bind_ipv6_only(addr: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    bind_as(addr, backlog, false, true)
}

fn bind_as(addr: SocketAddr, backlog: i32, freebind: bool, only_v6: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    if addr.is_ipv6() {
        // Said in any case: the default is the machine's (ipv6(7), `bindv6only`).
        socket.set_only_v6(only_v6)?;
    }
    if freebind {
        if addr.is_ipv4() {
            socket.set_freebind_v4(true)?;
        } else {
            socket.set_freebind_v6(true)?;
        }
    }
    socket.bind(&addr.into())?;
    socket.listen(backlog)?;
    TcpListener::from_std(socket.into())
}

/// Prepares an accepted connection.
pub fn accepted(stream: &TcpStream, keep_alive: KeepAlive) -> io::Result<()> {
    stream.set_nodelay(true)?;
    keep_alive.apply(&SockRef::from(stream))
}

/// Closes a connection so that its peer hears of it at once, whatever is on its way (tcp(7), `SO_LINGER` of 0: a reset).
pub fn reset(stream: impl AsFd) {
    // What cannot be reset is closed all the same.
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
}

/// Connects within `timeout`, by a descriptor of the reserve if no other is left.
pub async fn connect(addr: SocketAddr, timeout: Duration, keep_alive: KeepAlive) -> io::Result<TcpStream> {
    let open = || if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = match open() {
        Err(error) if descriptors::are_out(&error) && RESERVE.give_up() => open(),
        opened => opened,
    }?;
    socket.set_nodelay(true)?;
    let stream = tokio::time::timeout(timeout, socket.connect(addr)).await.map_err(|_| {
        io::Error::new(io::ErrorKind::TimedOut, format!("no connection to {addr} within {timeout:?}"))
    })??;
    keep_alive.apply(&SockRef::from(&stream))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
        TargetArch,
    };

    use super::*;

    /// This thread has no IPv6 from now on.
    fn lose_ipv6() {
        let family =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, libc::AF_INET6 as u64).unwrap();
        let rules = [(libc::SYS_socket, vec![SeccompRule::new(vec![family]).unwrap()])];
        let no = SeccompAction::Errno(libc::EAFNOSUPPORT as u32);
        let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
        let filter = SeccompFilter::new(rules.into(), SeccompAction::Allow, no, arch).unwrap();
        seccompiler::apply_filter(&BpfProgram::try_from(filter).unwrap()).unwrap();
    }

    #[test]
    fn every_address_is_ipv4_alone_where_there_is_no_other_family() {
        let bound = std::thread::spawn(|| {
            lose_ipv6();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            let _within = runtime.enter();
            let local = |addr: &str| bind(addr.parse().unwrap(), 1, false).map(|it| it.local_addr().unwrap().ip());
            (local("[::]:0").unwrap(), local("[::1]:0").is_err())
        });
        assert_eq!(bound.join().unwrap(), (Ipv4Addr::UNSPECIFIED.into(), true));
    }
}
