//! Whether a network's connections are redirected, tried with one.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use hauberk_core::probe::{PROBES, is_probe};
use hauberk_net::original::canonical;
use socket2::{Domain, Protocol, Socket, Type};

use crate::failure::Failure;

const OUTBOUND_PORT: u16 = 4140;
/// How often is looked whether a connection came.
const INTERVAL: Duration = Duration::from_millis(5);
/// Programs that call meanwhile are before us.
const BACKLOG: i32 = 128;
/// What tells our own connection from others.
const WORD: usize = 16;

/// What is tried.
#[derive(Debug)]
pub(crate) struct Validation {
    pub(crate) timeout: Duration,
    pub(crate) proxy_uid: u32,
    pub(crate) listen: SocketAddr,
    pub(crate) connect: Vec<SocketAddr>,
}

impl Default for Validation {
    fn default() -> Self {
        let listen = (Ipv6Addr::UNSPECIFIED, OUTBOUND_PORT).into();
        Self { timeout: Duration::from_secs(10), proxy_uid: 2102, listen, connect: PROBES.into() }
    }
}

/// Tries; with what was seen.
pub(crate) fn run(wanted: &Validation) -> Result<String, Failure> {
    let is_proxy = hauberk_net::process::effective_user() == wanted.proxy_uid;
    if let Some(to) = wanted.connect.iter().find(|to| is_proxy && !is_probe(**to)) {
        let what =
            format!("{to} is not redirected for user {}, the proxy's own, so nothing can be told", wanted.proxy_uid);
        return Err(Failure::new(what, "run it as another user (securityContext: runAsUser)"));
    }
    let listener = listen(wanted.listen).map_err(|error| {
        let hint = "it has to run before the proxy, which listens there";
        Failure::new(format!("cannot listen on {}: {error}", wanted.listen), hint)
    })?;
    let deadline = Instant::now() + wanted.timeout;
    // A network without a route for a family has no way for its connections either.
    let routed: Vec<SocketAddr> = wanted.connect.iter().copied().filter(|outside| has_route(*outside)).collect();
    if routed.is_empty() {
        let what = format!("this network has no route to the outside ({})", list(&wanted.connect));
        return Err(Failure::new(what, "look at the cluster's network plugin, or name an address with --connect-addr"));
    }
    for &outside in &routed {
        arrives(outside, &listener, deadline).map_err(|error| failed(outside, &error))?;
    }
    Ok(format!("connections to the outside are redirected ({})", list(&routed)))
}

/// Tries it as the proxy itself, before it listens on its outbound port; with what was seen.
pub fn validate_own(outbound_port: u16, timeout: Duration) -> Result<String, Failure> {
    run(&Validation { timeout, listen: (Ipv6Addr::UNSPECIFIED, outbound_port).into(), ..Validation::default() })
}

/// `[::]` takes IPv4 as well, and is all of IPv4 where there is no IPv6.
fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let bind = |at: SocketAddr| {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        if at.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(socket.into())
    };
    match bind(at) {
        Err(_) if at.ip() == Ipv6Addr::UNSPECIFIED => bind((Ipv4Addr::UNSPECIFIED, at.port()).into()),
        bound => bound,
    }
}

/// Sends nothing: to connect a UDP socket is to look up its route.
fn has_route(outside: SocketAddr) -> bool {
    let any: IpAddr = if outside.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(outside)).is_ok()
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Connects, and looks whether that connection comes to the listener before `deadline`.
fn arrives(outside: SocketAddr, listener: &TcpListener, deadline: Instant) -> io::Result<()> {
    let left = || deadline.saturating_duration_since(Instant::now()).max(INTERVAL);
    let mut ours = TcpStream::connect_timeout(&outside, left())?;
    let (from, word): (SocketAddr, [u8; WORD]) = (ours.local_addr()?, word());
    ours.write_all(&word)?;
    while Instant::now() < deadline {
        let Ok((mut arrived, peer)) = listener.accept() else {
            std::thread::sleep(INTERVAL);
            continue;
        };
        // A program may call while its proxy comes back; it is not waited for.
        if canonical(peer) != from {
            continue;
        }
        arrived.set_nonblocking(false)?;
        arrived.set_read_timeout(Some(left()))?;
        let mut said = [0; WORD];
        if arrived.read_exact(&mut said).is_ok() && said == word {
            return Ok(());
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "it went somewhere else"))
}

/// Nobody outside can guess it.
fn word() -> [u8; WORD] {
    use std::hash::{BuildHasher as _, RandomState};
    (u128::from(RandomState::new().hash_one(0)) << 64 | u128::from(RandomState::new().hash_one(1))).to_be_bytes()
}

fn failed(outside: SocketAddr, error: &io::Error) -> Failure {
    Failure::new(
        format!("a connection to {outside} did not come to the proxy's port: {error}"),
        "this pod's connections are not redirected: look whether the CNI plugin runs on this node (kubectl get pods \
         -l k8s-app=linkerd-cni -A -o wide) and started before this pod; the pod is set up anew when it is deleted",
    )
}
