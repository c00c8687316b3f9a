//! What the fast path is told at start.

mod http;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::name::Suffixes;
use hauberk_core::outbound::Backoff;
use hauberk_net::listen::KeepAlive;

pub use self::http::{Http, Http2Client, Http2Server};

/// All settings of the fast path.
#[derive(Clone, Debug)]
pub struct Config {
    /// Traffic to the program.
    pub inbound: Inbound,
    /// Traffic of the program.
    pub outbound: Outbound,
    /// What all workers together may have at once, beside the requests of each side.
    pub limits: Limits,
}

/// What all workers together may have at once, beside the requests of each side. Each side has its own places, so that one
/// cannot starve the other.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections that each side accepts; beyond, new ones are closed.
    pub connections: usize,
    /// Bytes that are held on behalf of connections: windows of HTTP/2, bodies kept for another try, what waits for its reader.
    pub buffers: usize,
    /// How long a client may stall that takes nothing of its answer, or sends nothing of a body that it announced. `None` is no
    /// limit.
    pub stall: Option<Duration>,
}

/// Settings of the inbound side.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The port that this side listens on: connections that were meant for it carry a transport header.
    pub port: u16,
    /// The workload's own addresses; connections to others are refused. Empty: any.
    pub ips: Vec<IpAddr>,
    /// The workload's identity: TLS with this server name is terminated here, other TLS is passed through.
    pub local_name: Arc<str>,
    /// How long to wait for the first bytes where policy names no time.
    pub detect_timeout: Duration,
    /// Limit for connections to the program.
    pub connect_timeout: Duration,
    /// Keep-alive of accepted connections.
    pub accept_keep_alive: KeepAlive,
    /// Keep-alive of connections to the program.
    pub connect_keep_alive: KeepAlive,
    /// Idle HTTP/1 connections to the program: how many and how long.
    pub idle_max: usize,
    /// See `idle_max`.
    pub idle_timeout: Duration,
    /// How long what is known of a port is kept after its last use.
    pub discovery_idle: Duration,
    /// HTTP of other proxies and clients, and to the program.
    pub http: Http,
    /// Names that this proxy takes connections for on behalf of other clusters. None: it is no gateway.
    pub gateway: Suffixes,
    /// Set: everything goes to one target, whatever the original destination was.
    pub front: Option<Front>,
}

/// The one target of a proxy in front of a server that is not redirected.
#[derive(Clone, Debug)]
pub enum Front {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP address.
    Tcp(std::net::SocketAddr),
}

/// Settings of the outbound side.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// How long to wait for the first bytes.
    pub detect_timeout: Duration,
    /// Limit for a connection to an endpoint, TLS included.
    pub connect_timeout: Duration,
    /// How long a connection waits for the control plane's first answer about its destination.
    pub discovery_timeout: Duration,
    /// How long what is known of a destination is kept after its last use.
    pub discovery_idle: Duration,
    /// Keep-alive of the program's connections.
    pub accept_keep_alive: KeepAlive,
    /// Keep-alive of connections to endpoints.
    pub connect_keep_alive: KeepAlive,
    /// Idle HTTP/1 connections of one endpoint: how many and how long.
    pub idle_max: usize,
    /// See `idle_max`.
    pub idle_timeout: Duration,
    /// HTTP of the program, and to endpoints.
    pub http: Http,
    /// Requests that wait at once for an endpoint of one backend; one more fails at once.
    pub queue_max: usize,
    /// Pauses between attempts to reach an endpoint that refuses connections.
    pub connect_backoff: Backoff,
    /// Set: the program is an ingress controller, whose requests may name their destination under one of these suffixes.
    pub ingress: Option<Suffixes>,
    /// The program sees `l5d-` headers of answers, and the reason of errors.
    pub informational_headers: bool,
}
