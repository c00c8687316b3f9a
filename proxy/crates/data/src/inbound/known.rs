//! A connection of which is known who it is from and how it is read.

use std::net::SocketAddr;

use hauberk_core::transport_header::Header;

use crate::inbound::Client;
use crate::stream::Stream;

/// Such a connection.
pub(super) struct Known {
    pub(super) stream: Stream,
    pub(super) client: Client,
    pub(super) dst: SocketAddr,
    pub(super) way: Way,
}

/// The last part of a connection's way.
pub(super) enum Way {
    /// To the program, as bytes that nobody reads; with the connection that a silence led to, if there is one.
    Bytes(Option<Stream>),
    /// To the program, by requests; true: of HTTP/2.
    Http(bool),
    /// Through this gateway, to where the header says.
    Gateway(Header),
}
