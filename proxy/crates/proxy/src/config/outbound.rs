//! Settings of the outbound side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hauberk_core::name::Suffixes;
use hauberk_core::outbound::Backoff;
use hauberk_data::config::Outbound;

use super::env::Env;
use super::http;
use super::inbound::keep_alive;
use super::value::{address, addresses, duration, flag, number, positive, suffixes};

const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4140);
const DETECT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The contract has no variable for it; a program's own connect seldom waits longer.
const DISCOVERY_TIMEOUT: Duration = Duration::from_secs(10);
const DISCOVERY_IDLE: Duration = Duration::from_secs(5);
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);
/// Names that an ingress may ask for.
const PROFILE_SUFFIXES: &str = "svc.cluster.local.";
const IDLE_MAX: usize = 10_000;
const QUEUE_MAX: usize = 10_000;
const CONNECT_BACKOFF: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(60), jitter: 0.1 };

/// Where to listen, and the rest.
pub(super) fn read(env: &Env<'_>) -> (Vec<SocketAddr>, Outbound) {
    let listen = env
        .get("OUTBOUND_LISTEN_ADDRS", addresses)
        .or_else(|| env.get("OUTBOUND_LISTEN_ADDR", address).map(|one| vec![one]))
        .unwrap_or_else(|| vec![LISTEN]);
    let suffixes = env.get("DESTINATION_PROFILE_SUFFIXES", suffixes).or_else(|| Suffixes::parse(PROFILE_SUFFIXES));
    let ingress = if env.get("INGRESS_MODE", flag) == Some(true) { suffixes } else { None };
    let silent = env.get("OUTBOUND_DISABLE_INFORMATIONAL_HEADERS", flag).unwrap_or(ingress.is_some());
    let outbound = Outbound {
        detect_timeout: env.get("OUTBOUND_DETECT_TIMEOUT", duration).unwrap_or(DETECT_TIMEOUT),
        connect_timeout: env.get("OUTBOUND_CONNECT_TIMEOUT", duration).unwrap_or(CONNECT_TIMEOUT),
        discovery_timeout: DISCOVERY_TIMEOUT,
        discovery_idle: env.get("OUTBOUND_DISCOVERY_IDLE_TIMEOUT", duration).unwrap_or(DISCOVERY_IDLE),
        accept_keep_alive: keep_alive(env, "OUTBOUND_ACCEPT"),
        connect_keep_alive: keep_alive(env, "OUTBOUND_CONNECT"),
        idle_max: env.get("OUTBOUND_MAX_IDLE_CONNS_PER_ENDPOINT", number).unwrap_or(IDLE_MAX),
        idle_timeout: env.get("OUTBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT", duration).unwrap_or(IDLE_TIMEOUT),
        http: http::read(env, "OUTBOUND"),
        queue_max: env.get("OUTBOUND_HTTP_QUEUE_CAPACITY", positive).unwrap_or(QUEUE_MAX),
        connect_backoff: http::backoff(env, CONNECT_BACKOFF),
        ingress,
        informational_headers: !silent,
    };
    (listen, outbound)
}
