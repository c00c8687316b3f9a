//! A certificate authority for tests.

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams, IsCa, Issuer, KeyPair};
use time::{Duration, OffsetDateTime};

pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// Signs a request as it is, from a day ago until `left` from now.
    pub(crate) fn sign(&self, request: &[u8], left: Duration) -> Vec<u8> {
        let mut request = CertificateSigningRequestParams::from_der(&request.into()).unwrap();
        request.params.not_before = OffsetDateTime::now_utc() - Duration::DAY;
        request.params.not_after = OffsetDateTime::now_utc() + left;
        request.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}
