//! Why a connection was closed without a word.

use std::io;
use std::net::IpAddr;

/// The reason.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the destination {0} is not an address of this workload")]
    ForeignDestination(IpAddr),
    #[error("the connection loops back to this proxy")]
    Loop,
    #[error("the TLS handshake took too long")]
    HandshakeTimeout,
    #[error("TLS arrived before this proxy has a certificate")]
    NoCertificate,
    #[error("the client may not connect to port {0}")]
    Unauthorized(u16),
    #[error("port {0} takes HTTP only, by policy")]
    NotHttp(u16),
    #[error("the transport header is wrong: {0}")]
    Header(&'static str),
    #[error("{0} is no destination of this gateway")]
    GatewayDomain(String),
}
