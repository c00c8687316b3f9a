//! Settings of the inbound side.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hauberk_data::config::{Front, Inbound};
use hauberk_net::listen::KeepAlive;

use super::env::Env;
use super::http;
use super::value::{Read, address, duration, ips, number, suffixes};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 4143);
const DETECT_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_millis(300);
const IDLE_TIMEOUT: Duration = Duration::from_secs(3);
const DISCOVERY_IDLE: Duration = Duration::from_secs(90);
const IDLE_MAX: usize = 10_000;

/// Where to listen, and the rest.
pub(super) fn read(env: &Env<'_>, local_name: &str) -> (SocketAddr, Inbound) {
    let listen = env.get_whole("HAUBERK_PROXY_FRONT_LISTEN_ADDR", address);
    let front = env.get_whole("HAUBERK_PROXY_FRONT_TARGET", front);
    if listen.is_some() != front.is_some() {
        env.refuse("HAUBERK_PROXY_FRONT_LISTEN_ADDR and HAUBERK_PROXY_FRONT_TARGET go together".to_owned());
    }
    let listen = listen.or_else(|| env.get("INBOUND_LISTEN_ADDR", address)).unwrap_or(LISTEN);
    let inbound = Inbound {
        port: listen.port(),
        ips: env.get("INBOUND_IPS", ips).unwrap_or_default(),
        local_name: Arc::from(local_name),
        detect_timeout: env.get("INBOUND_DETECT_TIMEOUT", duration).unwrap_or(DETECT_TIMEOUT),
        connect_timeout: env.get("INBOUND_CONNECT_TIMEOUT", duration).unwrap_or(CONNECT_TIMEOUT),
        accept_keep_alive: keep_alive(env, "INBOUND_ACCEPT"),
        connect_keep_alive: keep_alive(env, "INBOUND_CONNECT"),
        idle_max: env.get("MAX_IDLE_CONNS_PER_ENDPOINT", number).unwrap_or(IDLE_MAX),
        idle_timeout: env.get("INBOUND_HTTP1_CONNECTION_POOL_IDLE_TIMEOUT", duration).unwrap_or(IDLE_TIMEOUT),
        discovery_idle: env.get("INBOUND_DISCOVERY_IDLE_TIMEOUT", duration).unwrap_or(DISCOVERY_IDLE),
        http: http::read(env, "INBOUND"),
        gateway: env.get("INBOUND_GATEWAY_SUFFIXES", suffixes).unwrap_or_default(),
        front,
    };
    (listen, inbound)
}

/// The pair of variables that begin with `prefix`.
pub(super) fn keep_alive(env: &Env<'_>, prefix: &str) -> KeepAlive {
    KeepAlive {
        idle: env.get(&format!("{prefix}_KEEPALIVE"), duration).filter(|idle| !idle.is_zero()),
        user_timeout: env.get(&format!("{prefix}_USER_TIMEOUT"), duration).filter(|timeout| !timeout.is_zero()),
    }
}

fn front(text: &str) -> Read<Front> {
    match text.strip_prefix("unix:") {
        Some(path) if path.starts_with('/') => Ok(Front::Unix(path.into())),
        Some(_) => Err("unix: and an absolute path"),
        None => address(text).map(Front::Tcp).map_err(|_| "unix:PATH or IP:PORT"),
    }
}
