//! Everything that follows from one set of roots and credentials.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hauberk_core::identity::{Id, TlsTarget};
use hauberk_core::transport_header::ALPN;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, ServerConfig};

use crate::credentials::CredentialsError;
use crate::roots::Roots;
use crate::verify::{ClientVerifier, PeerVerifier};

/// Configurations that are kept, one for each peer identity and use; beyond, all are made anew.
const CLIENTS_MAX: usize = 1024;

/// Roots, the workload's credentials if it has any yet, and the configurations made from them.
pub(crate) struct Generation {
    pub(crate) roots: Roots,
    pub(crate) own: Option<Own>,
    provider: Arc<CryptoProvider>,
    clients: Mutex<HashMap<(Id, Use), Arc<ClientConfig>>>,
}

/// The workload's credentials in use.
pub(crate) struct Own {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) direct: Arc<ServerConfig>,
}

/// What a connection to a peer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Use {
    /// A program's bytes, as they are.
    Plain,
    /// A program's bytes behind a transport header.
    Direct,
    /// The call for the first certificate: this side shows none.
    Anonymous,
}

impl Generation {
    pub(crate) fn new(
        roots: Roots,
        key: Option<Arc<CertifiedKey>>,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, CredentialsError> {
        let own = match key {
            Some(key) => {
                let server = server(&roots, &key, &provider).map_err(CredentialsError::Configuration)?;
                let mut direct = server.clone();
                direct.alpn_protocols = vec![ALPN.to_vec()];
                Some(Own { key, server: Arc::new(server), direct: Arc::new(direct) })
            }
            None => None,
        };
        Ok(Self { roots, own, provider, clients: Mutex::default() })
    }

    /// The configuration for a peer; none where it needs a certificate and there is none yet.
    pub(crate) fn client(&self, target: &TlsTarget, usage: Use) -> Option<Arc<ClientConfig>> {
        let key = match usage {
            Use::Anonymous => None,
            Use::Plain | Use::Direct => Some(self.own.as_ref()?.key.clone()),
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let cached = (target.id.clone(), usage);
        if let Some(config) = clients.get(&cached) {
            return Some(config.clone());
        }
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        let config = Arc::new(self.make_client(target.id.clone(), usage, key)?);
        clients.insert(cached, config.clone());
        Some(config)
    }

    fn make_client(&self, id: Id, usage: Use, key: Option<Arc<CertifiedKey>>) -> Option<ClientConfig> {
        let verifier = Arc::new(PeerVerifier::new(self.roots.clone(), id, self.provider.clone()));
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .ok()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match key {
            Some(key) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key))),
            None => builder.with_no_client_auth(),
        };
        config.resumption = Resumption::disabled();
        config.enable_secret_extraction = true; // for the streams of this crate
        if usage == Use::Direct {
            config.alpn_protocols = vec![ALPN.to_vec()];
        }
        Some(config)
    }
}

fn server(roots: &Roots, key: &Arc<CertifiedKey>, provider: &Arc<CryptoProvider>) -> Result<ServerConfig, String> {
    let clients = WebPkiClientVerifier::builder_with_provider(roots.0.clone(), provider.clone())
        .allow_unauthenticated()
        .clear_root_hint_subjects()
        .build()
        .map_err(|error| error.to_string())?;
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .with_client_cert_verifier(Arc::new(ClientVerifier(clients)))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone())));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.enable_secret_extraction = true; // for the streams of this crate
    Ok(config)
}
