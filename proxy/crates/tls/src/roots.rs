//! The certificates that every chain of the mesh must lead to.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// One or more trust roots.
#[derive(Clone, Debug)]
pub struct Roots(pub(crate) Arc<RootCertStore>);

/// Why a text holds no trust roots.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// Not PEM.
    #[error("the trust roots are not PEM text: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// A block is not a certificate that can be a root.
    #[error("certificate {0} of the trust roots cannot be one: {1}")]
    Certificate(usize, rustls::Error),
    /// Without roots nobody could be trusted.
    #[error("the trust roots hold no certificate")]
    None,
}

impl Roots {
    /// Nobody is trusted: before the roots are known.
    pub fn none() -> Self {
        Self(Arc::new(RootCertStore::empty()))
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All certificates of a PEM text; anything between them is passed over.
    pub fn from_pem(text: &str) -> Result<Self, RootsError> {
        let mut roots = RootCertStore::empty();
        for (index, certificate) in CertificateDer::pem_slice_iter(text.as_bytes()).enumerate() {
            roots.add(certificate?).map_err(|error| RootsError::Certificate(index + 1, error))?;
        }
        if roots.is_empty() { Err(RootsError::None) } else { Ok(Self(Arc::new(roots))) }
    }
}
