//! A certificate authority for one run.

use std::sync::Arc;

use hauberk_core::identity::Id;
use hauberk_tls::credentials::Credentials;
use hauberk_tls::roots::Roots;
use hauberk_tls::store::Store;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};

/// The workload whose proxy is tried.
pub const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";

/// Its root signs whatever it is given.
pub struct Authority {
    /// Signs.
    pub issuer: Issuer<'static, KeyPair>,
    /// The root, as text.
    pub pem: String,
}

impl Authority {
    /// A new one.
    #[allow(clippy::new_without_default, reason = "two of them are never the same")]
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The trust roots.
    pub fn roots(&self) -> Roots {
        Roots::from_pem(&self.pem).unwrap()
    }

    /// The root, for those who do not know the proxy's own kind.
    pub fn root(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()
    }

    /// The credentials of [`WEB`].
    pub fn store(&self) -> Store {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![WEB.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let leaf = params.signed_by(&key, &self.issuer).unwrap();
        let store = Store::new(Id::Dns(Arc::from(WEB)), self.roots()).unwrap();
        let credentials = Credentials::from_der(leaf.der().to_vec(), Vec::new(), key.serialize_der());
        store.install(credentials, UnixTime::now()).unwrap();
        store
    }
}
