//! Certificates: what is taken into use carries the workload's identity, by somebody else's reading too.
#![no_main]

use std::sync::{Arc, LazyLock};

use hauberk_core::identity::Id;
use hauberk_fuzz::authority::{Authority, WEB};
use hauberk_fuzz::names;
use hauberk_tls::credentials::Credentials;
use hauberk_tls::roots::Roots;
use hauberk_tls::store::Store;
use libfuzzer_sys::fuzz_target;
use rcgen::{CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, KeyPair};
use rustls::pki_types::UnixTime;

static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);
static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap_or_else(|_| unreachable!("it can")));

// The first byte says what the rest is.
fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    match kind % 4 {
        0 => {
            let _ = std::str::from_utf8(rest).map(Roots::from_pem);
        }
        1 => {
            assert!(!is_taken(rest.to_vec(), Vec::new()), "nobody signed it");
        }
        2 => {
            let (leaf, issuer) = rest.split_at(rest.len() / 2);
            assert!(!is_taken(leaf.to_vec(), vec![issuer.to_vec()]), "nobody signed it");
        }
        _ => {
            let Some(leaf) = signed(rest) else { return };
            assert!(
                !is_taken(leaf, Vec::new()) || names::dns(rest).any(|name| name.eq_ignore_ascii_case(WEB.as_bytes()))
            );
        }
    }
});

fn is_taken(leaf: Vec<u8>, intermediates: Vec<Vec<u8>>) -> bool {
    let Ok(store) = Store::new(Id::Dns(Arc::from(WEB)), AUTHORITY.roots()) else { return false };
    let credentials = Credentials::from_der(leaf, intermediates, KEY.serialize_der());
    store.install(credentials, UnixTime::now()).is_ok()
}

/// A certificate of the mesh whose names are these bytes.
fn signed(names: &[u8]) -> Option<Vec<u8>> {
    const SUBJECT_ALTERNATIVE_NAME: [u64; 4] = [2, 5, 29, 17];
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.custom_extensions = vec![CustomExtension::from_oid_content(&SUBJECT_ALTERNATIVE_NAME, names.to_vec())];
    Some(params.signed_by(&*KEY, &AUTHORITY.issuer).ok()?.der().to_vec())
}
