//! A certificate authority for tests.

use hauberk_tls::credentials::Credentials;
use hauberk_tls::roots::Roots;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
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

    pub(crate) fn roots(&self) -> Roots {
        Roots::from_pem(&self.certificate.pem()).unwrap()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A leaf that is valid from yesterday until `left` from now.
    pub(crate) fn issue(&self, names: &[&str], left: Duration) -> Credentials {
        let key = KeyPair::generate().unwrap();
        let leaf = self.leaf(names, left, &key);
        Credentials::from_der(leaf, Vec::new(), key.serialize_der())
    }

    pub(crate) fn leaf(&self, names: &[&str], left: Duration, key: &KeyPair) -> Vec<u8> {
        let mut params = CertificateParams::default();
        let san = |name: &&str| match name.contains("://") {
            true => SanType::URI((*name).try_into().unwrap()),
            false => SanType::DnsName((*name).try_into().unwrap()),
        };
        params.subject_alt_names = names.iter().map(san).collect();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = OffsetDateTime::now_utc() - Duration::days(1);
        params.not_after = OffsetDateTime::now_utc() + left;
        params.signed_by(key, &self.issuer).unwrap().der().to_vec()
    }
}
