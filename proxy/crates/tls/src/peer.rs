//! What the peer of an accepted connection proved.

use hauberk_core::identity::ClientTls;
use rustls::pki_types::CertificateDer;

use crate::names::names;

/// The client of a connection whose handshake is done, by its certificate. One without a usable name proves nobody.
pub fn client_tls(certificate: Option<&CertificateDer<'_>>) -> ClientTls {
    let Some(leaf) = certificate else { return ClientTls::Anonymous };
    let mut names = names(leaf).into_iter();
    match names.next() {
        Some(id) => ClientTls::Identified { id, also: names.collect() },
        None => ClientTls::Anonymous,
    }
}
