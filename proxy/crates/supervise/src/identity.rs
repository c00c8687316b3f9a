//! Key and certificate request for a proxy that does not make its own.

use std::io;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};

use crate::failure::Failure;
use crate::workload_dir::WorkloadDir;

/// Writes `key.p8` (PKCS#8) and `csr.der` (PKCS#10), both DER, for a P-256 key. The request has the identity as its
/// common name and as its only alternative name, which is what authorities of this contract ask for.
pub(crate) fn write(identity: &str, dir: &WorkloadDir) -> Result<(), Failure> {
    let (key, request) = make(identity)
        .map_err(|e| Failure::new(format!("cannot make a certificate request for {identity}: {e}"), ""))?;
    let written: io::Result<()> =
        dir.write_identity("key.p8", &key).and_then(|()| dir.write_identity("csr.der", &request));
    written.map_err(|e| {
        let what = format!("cannot write key and certificate request to {}: {e}", dir.identity().display());
        Failure::new(what, "is its file system full or read-only?")
    })
}

fn make(identity: &str) -> Result<(Vec<u8>, Vec<u8>), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new([identity.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, identity);
    let request = params.serialize_request(&key)?;
    Ok((key.serialize_der(), request.der().to_vec()))
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::*;

    use super::*;

    #[test]
    fn the_request_names_the_identity_once_and_is_signed_by_the_key() {
        let id = "web.default.serviceaccount.identity.hauberk.cluster.local";
        let (key, request) = make(id).unwrap();
        let (_, request) = X509CertificationRequest::from_der(&request).unwrap();
        let info = &request.certification_request_info;
        assert_eq!(info.subject.to_string(), format!("CN={id}"));
        let names = request.requested_extensions().unwrap().find_map(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => Some(names.general_names.clone()),
            _ => None,
        });
        assert_eq!(names, Some(vec![GeneralName::DNSName(id)]));
        let key = KeyPair::try_from(key.as_slice()).unwrap();
        assert_eq!(info.subject_pki.subject_public_key.data.as_ref(), key.public_key_raw());
        assert_eq!(key.algorithm(), &PKCS_ECDSA_P256_SHA256);
    }
}
