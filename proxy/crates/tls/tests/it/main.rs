//! Two stores shake hands in memory.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panics")]

mod authority;
mod handshake;
mod stream;

use hauberk_core::identity::{ClientTls, Id};
use hauberk_core::transport_header::ALPN;
use hauberk_tls::credentials::{Credentials, CredentialsError};
use hauberk_tls::peer::client_tls;
use hauberk_tls::roots::{Roots, RootsError};
use hauberk_tls::store::Store;
use rustls::pki_types::UnixTime;
use rustls::{CertificateError, CipherSuite, Error, NamedGroup, ProtocolVersion};
use time::Duration;

use authority::Authority;
use handshake::{between, join, target};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const WEB_URI: &str = "spiffe://cluster.local/ns/default/sa/web";
const API: &str = "api.default.serviceaccount.identity.hauberk.cluster.local";

fn empty(name: &str, authority: &Authority) -> Store {
    Store::new(Id::Dns(name.into()), authority.roots()).unwrap()
}

fn store(name: &str, authority: &Authority) -> Store {
    let store = empty(name, authority);
    store.install(authority.issue(&[name], Duration::DAY), UnixTime::now()).unwrap();
    store
}

fn error(result: Result<handshake::Joined, Error>) -> Error {
    result.err().expect("the handshake must fail")
}

#[test]
fn members_know_each_other_and_speak_the_preferred_cryptography() {
    let authority = Authority::new();
    let web = empty(WEB, &authority);
    web.install(authority.issue(&[WEB, WEB_URI], Duration::DAY), UnixTime::now()).unwrap();
    let joined = between(&web, &store(API, &authority), API).unwrap();
    let web = ClientTls::Identified { id: Id::Dns(WEB.into()), also: [Id::Uri(WEB_URI.into())].into() };
    assert_eq!(client_tls(joined.server.peer_certificates().and_then(|chain| chain.first())), web);
    assert_eq!(joined.client.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let suite = joined.client.negotiated_cipher_suite().unwrap();
    assert_eq!(suite.suite(), CipherSuite::TLS13_AES_128_GCM_SHA256);
    assert_eq!(joined.client.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
    assert_eq!(joined.client.alpn_protocol(), None);
}

#[test]
fn direct_connections_agree_on_the_transport_header() {
    let authority = Authority::new();
    let (web, api) = (store(WEB, &authority), store(API, &authority));
    let direct = web.client_config(&target(API), true).unwrap();
    let joined = join(direct.clone(), api.server_config(true).unwrap()).unwrap();
    assert_eq!(joined.client.alpn_protocol(), Some(ALPN));
    let joined = join(direct, api.server_config(false).unwrap()).unwrap();
    assert_eq!(joined.client.alpn_protocol(), None, "a server that knows no header must be told apart");
    let joined = join(web.client_config(&target(API), false).unwrap(), api.server_config(true).unwrap()).unwrap();
    assert_eq!(joined.server.alpn_protocol(), None, "a client that sends no header must be told apart");
}

#[test]
fn a_peer_is_known_by_any_of_its_names_and_by_no_other() {
    let authority = Authority::new();
    let web = empty(WEB, &authority);
    web.install(authority.issue(&[WEB, WEB_URI], Duration::DAY), UnixTime::now()).unwrap();
    let api = store(API, &authority);
    between(&api, &web, WEB_URI).unwrap();
    for wrong in [API, "anything.example", "default.serviceaccount.identity.hauberk.cluster.local"] {
        let error = error(between(&api, &web, wrong));
        assert_eq!(error, Error::InvalidCertificate(CertificateError::NotValidForName), "{wrong}");
    }
}

#[test]
fn foreign_roots_are_refused_by_both_sides() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (web, foreign) = (store(WEB, &ours), store(API, &theirs));
    assert!(matches!(error(between(&web, &foreign, API)), Error::InvalidCertificate(_)));
    assert!(matches!(error(between(&foreign, &web, WEB)), Error::InvalidCertificate(_)));
    // The client trusts the server's root, the server not the client's.
    foreign.set_roots(ours.roots()).unwrap();
    assert!(matches!(error(between(&foreign, &web, WEB)), Error::InvalidCertificate(_)));
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let old = empty(API, &authority);
    let yesterday = UnixTime::since_unix_epoch(std::time::Duration::from_secs(UnixTime::now().as_secs() - 7200));
    old.install(authority.issue(&[API], -Duration::HOUR), yesterday).unwrap();
    let web = store(WEB, &authority);
    let expired = |error| {
        matches!(error, Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }))
    };
    assert!(expired(error(between(&web, &old, API))));
    assert!(expired(error(between(&old, &web, WEB))));
}

#[test]
fn a_client_without_certificate_is_anonymous() {
    let authority = Authority::new();
    let (newcomer, api) = (empty(WEB, &authority), store(API, &authority));
    assert!(newcomer.client_config(&target(API), false).is_none() && newcomer.server_config(false).is_none());
    let config = newcomer.anonymous_client_config(&target(API)).unwrap();
    let joined = join(config, api.server_config(false).unwrap()).unwrap();
    assert_eq!(client_tls(joined.server.peer_certificates().and_then(|chain| chain.first())), ClientTls::Anonymous);
}

#[test]
fn new_connections_use_the_renewed_certificate() {
    let authority = Authority::new();
    let (web, api) = (store(WEB, &authority), store(API, &authority));
    let leaf = |joined: &handshake::Joined| joined.client.peer_certificates().unwrap()[0].to_vec();
    let before = between(&web, &api, API).unwrap();
    let old = web.client_config(&target(API), false).unwrap();
    api.install(authority.issue(&[API], Duration::DAY), UnixTime::now()).unwrap();
    web.install(authority.issue(&[WEB], Duration::DAY), UnixTime::now()).unwrap();
    assert_ne!(leaf(&before), leaf(&between(&web, &api, API).unwrap()));
    let new = web.client_config(&target(API), false).unwrap();
    assert!(!std::sync::Arc::ptr_eq(&old, &new));
    assert!(std::sync::Arc::ptr_eq(&new, &web.client_config(&target(API), false).unwrap()), "made once per identity");
}

#[test]
fn new_roots_hold_for_new_connections() {
    let (old, new) = (Authority::new(), Authority::new());
    let (web, api) = (store(WEB, &old), store(API, &new));
    let both = Roots::from_pem(&format!("{}\nnotes\n{}", old.pem(), new.pem())).unwrap();
    assert!(between(&web, &api, API).is_err());
    web.set_roots(both.clone()).unwrap();
    api.set_roots(both).unwrap();
    between(&web, &api, API).unwrap();
    between(&api, &web, WEB).unwrap();
}

#[test]
fn roots_without_the_workloads_own_leave_it_untrusted_until_it_is_renewed() {
    let (old, new) = (Authority::new(), Authority::new());
    let web = empty(WEB, &old);
    let changes = web.roots_changes();
    assert!(!web.is_trusted(UnixTime::now()), "there is no certificate yet");
    web.install(old.issue(&[WEB], Duration::DAY), UnixTime::now()).unwrap();
    assert!(web.is_trusted(UnixTime::now()) && !changes.has_changed().unwrap());
    let both = format!("{}{}", old.pem(), new.pem());
    for (roots, trusted) in [(Roots::from_pem(&both).unwrap(), true), (new.roots(), false)] {
        web.set_roots(roots).unwrap();
        assert!(changes.has_changed().unwrap());
        assert_eq!(web.is_trusted(UnixTime::now()), trusted);
    }
    web.install(new.issue(&[WEB], Duration::DAY), UnixTime::now()).unwrap();
    assert!(web.is_trusted(UnixTime::now()));
}

#[test]
fn credentials_that_peers_would_refuse_are_not_installed() {
    let authority = Authority::new();
    let web = store(WEB, &authority);
    let in_force = web.server_config(false).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let others_key = rcgen::KeyPair::generate().unwrap().serialize_der();
    let leaf = authority.leaf(&[WEB], Duration::DAY, &key);
    let untrusted = [
        authority.issue(&[API], Duration::DAY),
        authority.issue(&[WEB], -Duration::HOUR),
        Authority::new().issue(&[WEB], Duration::DAY),
        Credentials::from_der(b"no certificate".to_vec(), Vec::new(), key.serialize_der()),
    ];
    for credentials in untrusted {
        let refused = web.install(credentials, UnixTime::now());
        assert!(matches!(refused, Err(CredentialsError::Untrusted { .. })), "{refused:?}");
    }
    for issuers in [vec![Vec::new(); 16], vec![vec![0; 48 * 1024]]] {
        let long = Credentials::from_der(leaf.clone(), issuers, key.serialize_der());
        let refused = web.install(long, UnixTime::now());
        assert!(matches!(refused, Err(CredentialsError::TooLong { .. })), "{refused:?}");
    }
    let mixed = Credentials::from_der(leaf, Vec::new(), others_key);
    assert!(matches!(web.install(mixed, UnixTime::now()), Err(CredentialsError::Key(_))));
    assert!(std::sync::Arc::ptr_eq(&in_force, &web.server_config(false).unwrap()));
}

#[test]
fn roots_must_hold_a_certificate() {
    assert!(matches!(Roots::from_pem("nothing"), Err(RootsError::None)));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(Roots::from_pem(broken), Err(RootsError::Certificate(1, _))));
}
