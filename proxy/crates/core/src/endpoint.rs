//! Where traffic can be sent: the endpoints of a service.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::identity::TlsTarget;
use crate::meta::Meta;
use crate::version::Version;

/// Labels for metrics, sorted by key. Bounded by `control` in count and length.
pub type Labels = Arc<BTreeMap<Arc<str>, Arc<str>>>;

/// One address of a service and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The program's own address, not its proxy's.
    pub addr: SocketAddr,
    /// Relative share of traffic; informative (the contract's own proxy ignores it).
    pub weight: u32,
    /// Pod, service account, zone, …; exported with the prefix `dst_`.
    pub labels: Labels,
    /// Set for members of the mesh: connect with mutual TLS, and only so.
    pub tls: Option<TlsTarget>,
    /// What the endpoint's proxy can take.
    pub hint: ProtocolHint,
    /// The inbound port of the endpoint's proxy, where bytes go that carry a transport header.
    pub transport_port: Option<u16>,
    /// Replaces the authority of requests (gateways); `host:port`.
    pub authority_override: Option<Arc<str>>,
    /// Settings of HTTP/2 connections to this endpoint.
    pub http2: Http2Params,
    /// The resource behind the endpoint.
    pub resource: Option<Meta>,
}

impl Endpoint {
    /// One outside the mesh, of which nothing else is known: in the clear, as it is dialled.
    pub fn outside(addr: SocketAddr) -> Self {
        Self {
            addr,
            weight: 1,
            labels: Labels::default(),
            tls: None,
            hint: ProtocolHint::Unknown,
            transport_port: None,
            authority_override: None,
            http2: Http2Params::default(),
            resource: None,
        }
    }
}

/// What the far side is known to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolHint {
    /// Nothing is known: what the program speaks is carried as it is.
    #[default]
    Unknown,
    /// A proxy that takes HTTP/2 and restores HTTP/1: requests share connections.
    Http2,
    /// The program's bytes must not be looked at.
    Opaque,
}

/// HTTP/2 client settings; `None` leaves the proxy's own default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Http2Params {
    /// Bytes, whole connection.
    pub initial_connection_window: Option<u32>,
    /// Bytes, each stream.
    pub initial_stream_window: Option<u32>,
    /// Time between pings.
    pub keep_alive_interval: Option<Duration>,
    /// How long a ping may stay unanswered.
    pub keep_alive_timeout: Option<Duration>,
    /// Ping idle connections as well.
    pub keep_alive_while_idle: Option<bool>,
    /// Bytes of a frame that the endpoint may send.
    pub max_frame_size: Option<u32>,
    /// Streams that were reset and are still remembered.
    pub max_reset_streams: Option<usize>,
    /// Bytes of a stream that wait to be sent.
    pub max_send_buffer: Option<usize>,
}

/// All endpoints of one service at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// By address, so that two views differ exactly where an endpoint differs.
    pub by_addr: BTreeMap<SocketAddr, Arc<Endpoint>>,
    /// Labels of the service itself; exported with the prefix `dst_`.
    pub labels: Labels,
    /// False once the control plane said that the service does not exist.
    pub exists: bool,
    /// Since when there are endpoints, or none, as far as this proxy was told.
    pub since: Option<SystemTime>,
    /// The state of the mesh that this shows, where the control plane says so.
    pub version: Option<Version>,
}
