//! TLS for the two sides of a connection in memory: one suite, one group, keys that wear out soon.

use std::sync::{Arc, LazyLock};

use rcgen::{CertificateParams, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};
use rustls::crypto::{CipherSuiteCommon, CryptoProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::ServerSessionMemoryCache;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedCipherSuite, Tls13CipherSuite};

use crate::authority::{Authority, WEB};

/// Records that a key may protect.
pub const LIMIT: u64 = 8;

/// What the two sides begin with.
pub struct Suite {
    /// For either side.
    pub client: Arc<ClientConfig>,
    /// For either side; it gives no tickets, as the proxy's own.
    pub server: Arc<ServerConfig>,
    /// The same, with tickets.
    pub generous: Arc<ServerConfig>,
}

/// One for each cipher.
pub static SUITES: LazyLock<[Suite; 3]> = LazyLock::new(|| {
    let authority = Authority::new();
    [
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ]
    .map(|suite| configure(&authority, brittle(suite)))
});

fn brittle(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    let suite = suite.tls13().expect("it is of TLS 1.3");
    let common = CipherSuiteCommon {
        suite: suite.common.suite,
        hash_provider: suite.common.hash_provider,
        confidentiality_limit: LIMIT,
    };
    let brittle = Tls13CipherSuite { common, hkdf_provider: suite.hkdf_provider, aead_alg: suite.aead_alg, quic: None };
    SupportedCipherSuite::Tls13(Box::leak(Box::new(brittle))) // once, for as long as the process lives
}

fn configure(authority: &Authority, suite: SupportedCipherSuite) -> Suite {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: vec![suite],
        kx_groups: vec![kx_group::X25519],
        ..aws_lc_rs::default_provider()
    });
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![WEB.to_owned()]).unwrap().signed_by(&key, &authority.issuer).unwrap();
    let mut server = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    server.send_tls13_tickets = 0;
    server.enable_secret_extraction = true;
    let mut generous = server.clone();
    generous.send_tls13_tickets = 2;
    generous.session_storage = ServerSessionMemoryCache::new(2);
    let mut roots = RootCertStore::empty();
    roots.add(authority.root()).unwrap();
    let mut client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.resumption = Resumption::disabled();
    client.enable_secret_extraction = true;
    Suite { client: Arc::new(client), server: Arc::new(server), generous: Arc::new(generous) }
}
