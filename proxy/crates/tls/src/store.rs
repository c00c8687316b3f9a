//! The credentials in force, which change under live traffic.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use hauberk_core::identity::{Id, TlsTarget};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::{ClientConfig, ServerConfig};
use tokio::sync::watch;

use crate::credentials::{Credentials, CredentialsError};
use crate::generation::{Generation, Use};
use crate::provider::provider;
use crate::roots::Roots;
use crate::verify;

/// Trust roots and the workload's certificate. Connections keep what they began with; new ones take what is in force.
pub struct Store {
    id: Id,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<Generation>,
    writing: Mutex<()>,
    roots_changed: watch::Sender<()>,
}

impl Store {
    /// A store for the workload `id`, without a certificate yet.
    pub fn new(id: Id, roots: Roots) -> Result<Self, CredentialsError> {
        let provider = provider();
        let first = Generation::new(roots, None, provider.clone())?;
        let current = ArcSwap::from_pointee(first);
        Ok(Self { id, provider, current, writing: Mutex::default(), roots_changed: watch::Sender::new(()) })
    }

    /// The workload's identity.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Whether the workload has a certificate.
    pub fn is_ready(&self) -> bool {
        self.current.load().own.is_some()
    }

    /// Whether peers with these roots take the workload's certificate at `now`; not while there is none.
    pub fn is_trusted(&self, now: UnixTime) -> bool {
        let current = self.current.load();
        let chain = current.own.as_ref().and_then(|own| own.key.cert.split_first());
        chain.is_some_and(|(leaf, intermediates)| {
            verify::check(&current.roots, &self.id, leaf, intermediates, now, &self.provider).is_ok()
        })
    }

    /// Is told whenever other trust roots came into force.
    pub fn roots_changes(&self) -> watch::Receiver<()> {
        self.roots_changed.subscribe()
    }

    /// Takes new credentials into use, if peers would accept them at `now`; else what was in force stays.
    pub fn install(&self, credentials: Credentials, now: UnixTime) -> Result<(), CredentialsError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let roots = self.current.load().roots.clone();
        let key = credentials.check(&roots, &self.id, now, &self.provider)?;
        self.current.store(Arc::new(Generation::new(roots, Some(key), self.provider.clone())?));
        Ok(())
    }

    /// Replaces the trust roots for new connections; the workload's certificate stays.
    pub fn set_roots(&self, roots: Roots) -> Result<(), CredentialsError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let key = self.current.load().own.as_ref().map(|own| own.key.clone());
        self.current.store(Arc::new(Generation::new(roots, key, self.provider.clone())?));
        self.roots_changed.send_replace(());
        Ok(())
    }

    /// For accepting a peer's connection, `direct` at the proxy's own port, where the transport header's protocol is
    /// agreed on. None while there is no certificate.
    pub fn server_config(&self, direct: bool) -> Option<Arc<ServerConfig>> {
        let current = self.current.load();
        let own = current.own.as_ref()?;
        Some(if direct { own.direct.clone() } else { own.server.clone() })
    }

    /// For a connection to a peer that must prove to be `target`, `direct` with a transport header. None while there is
    /// no certificate.
    pub fn client_config(&self, target: &TlsTarget, direct: bool) -> Option<Arc<ClientConfig>> {
        self.current.load().client(target, if direct { Use::Direct } else { Use::Plain })
    }

    /// For the call for the first certificate: `target` must prove who it is, this side does not. None only where TLS
    /// cannot be configured at all.
    pub fn anonymous_client_config(&self, target: &TlsTarget) -> Option<Arc<ClientConfig>> {
        self.current.load().client(target, Use::Anonymous)
    }
}
