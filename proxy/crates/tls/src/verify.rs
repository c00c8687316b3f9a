//! Whether a server is the peer that was meant.

use std::sync::Arc;
use std::time::Duration;

use hauberk_core::identity::Id;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use crate::names::names;
use crate::roots::Roots;

/// Accepts a chain that leads to the mesh's roots and whose leaf carries one identity. The server name is not looked at:
/// it says where a connection should be terminated, not who may do so.
#[derive(Debug)]
pub(crate) struct PeerVerifier {
    roots: Roots,
    id: Id,
    provider: Arc<CryptoProvider>,
}

impl PeerVerifier {
    pub(crate) fn new(roots: Roots, id: Id, provider: Arc<CryptoProvider>) -> Self {
        Self { roots, id, provider }
    }
}

/// Checks a chain, leaf first, against roots, and that the leaf carries the identity.
pub(crate) fn check(
    roots: &Roots,
    id: &Id,
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
    provider: &CryptoProvider,
) -> Result<(), Error> {
    let algorithms = provider.signature_verification_algorithms.all;
    let parsed = ParsedCertificate::try_from(leaf)?;
    tolerating_skew(now, |now| {
        verify_server_cert_signed_by_trust_anchor(&parsed, &roots.0, intermediates, now, algorithms)
    })?;
    if names(leaf).contains(id) { Ok(()) } else { Err(CertificateError::NotValidForName.into()) }
}

/// How far the clocks of two machines may be apart: a certificate that was issued just now is not yet valid by the slower.
const SKEW: Duration = Duration::from_secs(20);

/// Checks validity at `now`, and a little later if that is too early. What has expired has expired.
fn tolerating_skew<T>(now: UnixTime, check: impl Fn(UnixTime) -> Result<T, Error>) -> Result<T, Error> {
    match check(now) {
        Err(Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. })) => {
            check(UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + SKEW))
        }
        result => result,
    }
}

/// Verifies clients as the library does, but for the tolerance of `tolerating_skew`.
#[derive(Debug)]
pub(crate) struct ClientVerifier(pub(crate) Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        tolerating_skew(now, |now| self.0.verify_client_cert(leaf, intermediates, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        check(&self.roots, &self.id, leaf, intermediates, now, &self.provider)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is spoken here".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
