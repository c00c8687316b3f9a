//! The settings of a proxy that is tried.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::outbound::Backoff;
use hauberk_data::config::{Config, Inbound, Limits, Outbound};
use hauberk_net::listen::KeepAlive;

use crate::authority::WEB;

/// Longer than any input takes, shorter than the fuzzer's own limit.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Of the proxy before a program on loopback, which listens on `port` itself.
pub fn inbound(port: u16) -> Config {
    config(port, Ipv4Addr::LOCALHOST.into())
}

/// Of the proxy behind a program, for which loopback is somewhere else.
pub fn outbound(port: u16) -> Config {
    config(port, Ipv4Addr::new(10, 77, 0, 9).into())
}

fn config(port: u16, ip: IpAddr) -> Config {
    Config {
        inbound: Inbound {
            port,
            ips: vec![ip],
            local_name: Arc::from(WEB),
            detect_timeout: PATIENCE,
            connect_timeout: PATIENCE,
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 100,
            idle_timeout: PATIENCE,
            discovery_idle: PATIENCE,
            http: Default::default(),
            gateway: Default::default(),
            front: None,
        },
        outbound: Outbound {
            detect_timeout: PATIENCE,
            connect_timeout: PATIENCE,
            discovery_timeout: PATIENCE,
            discovery_idle: PATIENCE,
            accept_keep_alive: KeepAlive::default(),
            connect_keep_alive: KeepAlive::default(),
            idle_max: 100,
            idle_timeout: PATIENCE,
            http: Default::default(),
            queue_max: 100,
            connect_backoff: Backoff { min: PATIENCE, max: PATIENCE, jitter: 0.0 },
            ingress: None,
            informational_headers: true,
        },
        limits: Limits { connections: 1000, buffers: 64 << 20, stall: None },
    }
}
