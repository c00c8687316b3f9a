//! The cryptography that both sides use, in order of preference.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};

/// What the cryptography consists of, by the names of the registries, in order of preference.
pub struct Parts {
    /// Cipher suites.
    pub suites: Vec<String>,
    /// Groups of key exchange.
    pub groups: Vec<String>,
    /// Whether it is in the mode of FIPS 140.
    pub fips: bool,
}

/// For whoever wants to see what is offered.
pub fn parts() -> Parts {
    let provider = provider();
    Parts {
        suites: provider.cipher_suites.iter().map(|suite| format!("{:?}", suite.suite())).collect(),
        groups: provider.kx_groups.iter().map(|group| format!("{:?}", group.name())).collect(),
        fips: provider.fips(),
    }
}

/// Post-quantum key exchange first; AES-128-GCM first, since it costs least where the processor helps.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let make = || {
        Arc::new(CryptoProvider {
            cipher_suites: vec![
                cipher_suite::TLS13_AES_128_GCM_SHA256,
                cipher_suite::TLS13_AES_256_GCM_SHA384,
                cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            ],
            kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
            ..aws_lc_rs::default_provider()
        })
    };
    PROVIDER.get_or_init(make).clone()
}
