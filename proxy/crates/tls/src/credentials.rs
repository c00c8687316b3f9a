//! A workload's own certificate and key.

use std::fmt;
use std::sync::Arc;

use hauberk_core::identity::Id;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::sign::CertifiedKey;

use crate::roots::Roots;
use crate::verify;

/// The longest chain. What carries it in a handshake is read up to 64 KiB by rustls, so by every proxy.
const CHAIN_MAX: usize = 48 * 1024;
/// Certificates in a chain.
const CERTIFICATES_MAX: usize = 16;

/// A certificate chain and the key of its leaf.
pub struct Credentials {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Why credentials are not taken into use.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Peers would refuse the chain.
    #[error("the certificate would not be trusted as {id}: {error}")]
    Untrusted {
        /// The workload's identity.
        id: Id,
        /// What is wrong with it.
        error: rustls::Error,
    },
    /// No peer could read it.
    #[error(
        "{certificates} certificates of {bytes} bytes are more than the {CERTIFICATES_MAX} and {CHAIN_MAX} of a chain"
    )]
    TooLong {
        /// How many there are.
        certificates: usize,
        /// What they have together.
        bytes: usize,
    },
    /// The key is broken or another certificate's.
    #[error("the certificate and its key do not belong together: {0}")]
    Key(rustls::Error),
    /// No configuration can be made with it.
    #[error("TLS cannot be configured: {0}")]
    Configuration(String),
}

impl Credentials {
    /// All in DER: the leaf, its issuers (the leaf's own first), the leaf's key in PKCS#8.
    pub fn from_der(leaf: Vec<u8>, intermediates: Vec<Vec<u8>>, key: Vec<u8>) -> Self {
        let chain = std::iter::once(leaf).chain(intermediates).map(CertificateDer::from).collect();
        Self { chain, key: PrivatePkcs8KeyDer::from(key).into() }
    }

    /// The key with its chain, if a peer with these roots would take it for `id`.
    pub(crate) fn check(
        self,
        roots: &Roots,
        id: &Id,
        now: UnixTime,
        provider: &CryptoProvider,
    ) -> Result<Arc<CertifiedKey>, CredentialsError> {
        let (certificates, bytes) = (self.chain.len(), self.chain.iter().map(|certificate| certificate.len()).sum());
        if certificates > CERTIFICATES_MAX || bytes > CHAIN_MAX {
            return Err(CredentialsError::TooLong { certificates, bytes });
        }
        let untrusted = |error| CredentialsError::Untrusted { id: id.clone(), error };
        let (leaf, intermediates) =
            self.chain.split_first().ok_or_else(|| untrusted(rustls::Error::NoCertificatesPresented))?;
        verify::check(roots, id, leaf, intermediates, now, provider).map_err(untrusted)?;
        CertifiedKey::from_der(self.chain, self.key, provider).map(Arc::new).map_err(CredentialsError::Key)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}
