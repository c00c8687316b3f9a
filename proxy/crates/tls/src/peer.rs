//! What the peer of an accepted connection proved.

use hauberk_core::identity::ClientTls;
use rustls::ServerConnection;

use crate::names::names;

/// The client of a connection whose handshake is done. A certificate without a usable name proves nobody.
pub fn client_tls(connection: &ServerConnection) -> ClientTls {
    let Some(leaf) = connection.peer_certificates().and_then(|chain| chain.first()) else {
        return ClientTls::Anonymous;
    };
    let mut names = names(leaf).into_iter();
    match names.next() {
        Some(id) => ClientTls::Identified { id, also: names.collect() },
        None => ClientTls::Anonymous,
    }
}
