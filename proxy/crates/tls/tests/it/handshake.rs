//! A connection in memory.

use std::sync::Arc;

use hauberk_core::identity::{Id, TlsTarget};
use hauberk_tls::store::Store;
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};

pub(crate) struct Joined {
    pub(crate) client: ClientConnection,
    pub(crate) server: ServerConnection,
}

pub(crate) fn target(id: &str) -> TlsTarget {
    let id = if id.contains("://") { Id::Uri(id.into()) } else { Id::Dns(id.into()) };
    TlsTarget { id, server_name: "anything.example".into() }
}

/// The plain configurations of two stores, the client expecting `id`.
pub(crate) fn between(client: &Store, server: &Store, id: &str) -> Result<Joined, Error> {
    let config = client.client_config(&target(id), false).expect("the client has a certificate");
    join(config, server.server_config(false).expect("the server has a certificate"))
}

/// Shakes hands; the error is that of the side that refused.
pub(crate) fn join(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<Joined, Error> {
    let name = "anything.example".try_into().unwrap();
    let mut client = ClientConnection::new(client, name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(Joined { client, server })
}
