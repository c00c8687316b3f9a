//! The workload's certificate: asked for with a token, renewed before it ends.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hauberk_api::linkerd::identity::identity_client::IdentityClient;
use hauberk_api::linkerd::identity::{CertifyRequest, CertifyResponse};
use hauberk_core::outbound::Backoff;
use hauberk_metrics::identity::IdentityMetrics;
use hauberk_tls::credentials::{Credentials, CredentialsError};
use hauberk_tls::store::Store;
use rustls::pki_types::UnixTime;
use tokio::sync::watch;
use tonic::Status;

use crate::backoff::{Pauses, random_share};
use crate::config::Identity as Config;
use crate::key::{self, Key};
use crate::resolve::Resolver;
use crate::service::Address;
use crate::transport::{Show, channel};

pub use crate::key::KeyError;

/// For one call; the authority answers in milliseconds, or is in trouble.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// The first attempts follow each other quickly: nothing works before the first certificate.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// A server on this machine is about to start; to look for it costs next to nothing.
const RETRY_MAX_LOCAL: Duration = Duration::from_millis(500);
/// Longest token that is sent.
const TOKEN_MAX: usize = 64 * 1024;
/// How often a long wait looks at the wall clock.
const LOOK: Duration = Duration::from_secs(30);
/// Share of a certificate's time after which it is renewed.
const RENEW_AT: f64 = 0.7;
/// Other trust roots reach all workloads of a machine together; within this time they ask for certificates of those.
const ROOTS_SPREAD: Duration = Duration::from_secs(5);

/// Gets certificates for one workload.
pub struct Identity {
    config: Config,
    key: Key,
    store: Arc<Store>,
    metrics: Arc<IdentityMetrics>,
    ready: watch::Sender<bool>,
}

/// Why a call brought no certificate.
#[derive(Debug, thiserror::Error)]
enum CertifyError {
    #[error("cannot read the token {0}: {1}")]
    Token(String, std::io::Error),
    #[error("the token {0} is empty or too large")]
    TokenSize(String),
    #[error("{0}")]
    Address(#[from] http::Error),
    #[error("the authority did not answer within {CALL_TIMEOUT:?}")]
    Timeout,
    #[error("the authority answered {:?}: {}", .0.code(), .0.message())]
    Refused(#[from] Status),
    #[error("the authority sent a certificate that has ended, or names no end")]
    Ended,
    #[error(transparent)]
    Unusable(#[from] CredentialsError),
}

impl Identity {
    /// Reads the workload's key, or makes one.
    pub fn new(config: Config, store: Arc<Store>, metrics: Arc<IdentityMetrics>) -> Result<Self, KeyError> {
        let key = key::load_or_make(&config.dir, store.id().as_str())?;
        Ok(Self { config, key, store, metrics, ready: watch::Sender::new(false) })
    }

    /// True once the first certificate is installed, and ever after.
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.ready.subscribe()
    }

    /// Asks for certificates until it is dropped. What was installed stays in force while the authority is away.
    pub async fn run(self) {
        let min = RETRY_MIN.min(self.config.min_refresh);
        let max = match self.config.service.address() {
            Address::Unix(_) => self.config.min_refresh.min(RETRY_MAX_LOCAL),
            Address::Tcp { .. } => self.config.min_refresh,
        };
        let mut pauses = Pauses::new(Backoff { min, max: max.max(min), jitter: 0.1 });
        let mut show = Show::Nothing;
        let mut roots = self.store.roots_changes();
        loop {
            let pause = match self.certify(show).await {
                Ok((expires, now)) => {
                    show = Show::Own;
                    pauses.reset();
                    self.metrics.renewed(expires, now);
                    self.ready.send_replace(true);
                    let left = expires.duration_since(now).unwrap_or_default();
                    tracing::debug!(seconds = left.as_secs(), "a certificate came");
                    renew_after(left, self.config.min_refresh, self.config.max_refresh)
                }
                Err(error) => {
                    // The certificate in force may be what is wrong: it ended while the authority was away.
                    show = Show::Nothing;
                    self.metrics.failed();
                    let authority = self.config.service.address();
                    tracing::warn!(%authority, %error, "no certificate; asking again");
                    pauses.next()
                }
            };
            tokio::select! {
                () = rest(pause) => {}
                () = self.distrusted(&mut roots) => {
                    tracing::info!("the certificate does not lead to the trust roots that are in force now; renewing it");
                    // The authority has the same roots, or is about to.
                    show = Show::Nothing;
                }
            }
        }
    }

    /// Returns some time after other trust roots came into force, if the certificate does not lead to them.
    async fn distrusted(&self, roots: &mut watch::Receiver<()>) {
        let spread = ROOTS_SPREAD.min(self.config.min_refresh);
        // Without an end: the store, which tells, is ours as well.
        while roots.changed().await.is_ok() {
            tokio::time::sleep(spread.mul_f32(random_share())).await;
            if !self.store.is_trusted(UnixTime::now()) {
                return;
            }
        }
        std::future::pending().await
    }

    /// One call. On success the credentials are in force; with their end, and the time that it was measured from.
    async fn certify(&self, show: Show) -> Result<(SystemTime, SystemTime), CertifyError> {
        let request = CertifyRequest {
            identity: self.store.id().to_string(),
            token: self.token().await?,
            certificate_signing_request: self.key.request.clone(),
        };
        // Not kept: the next call comes much later, and shows the certificate of this one.
        let resolver = Resolver::new("identity", self.metrics.resolutions().clone());
        let channel = channel(&self.config.service, self.store.clone(), show, self.config.connect_timeout, resolver)?;
        let mut client = IdentityClient::new(channel);
        let call = tokio::time::timeout(CALL_TIMEOUT, client.certify(request));
        let response = call.await.map_err(|_| CertifyError::Timeout)??.into_inner();
        let now = SystemTime::now();
        Ok((take(response, &self.key.pkcs8, &self.store, now)?, now))
    }

    async fn token(&self) -> Result<Vec<u8>, CertifyError> {
        let path = || self.config.token_file.display().to_string();
        let token =
            tokio::fs::read(&self.config.token_file).await.map_err(|error| CertifyError::Token(path(), error))?;
        if token.is_empty() || token.len() > TOKEN_MAX { Err(CertifyError::TokenSize(path())) } else { Ok(token) }
    }
}

/// Takes what the authority answered into use, if it is of any at `now`, and says when it ends; else the store stays as it was.
fn take(of: CertifyResponse, key: &[u8], store: &Store, now: SystemTime) -> Result<SystemTime, CertifyError> {
    let expires = of.valid_until.and_then(|time| SystemTime::try_from(time).ok()).filter(|expires| *expires > now);
    let expires = expires.ok_or(CertifyError::Ended)?;
    let credentials = Credentials::from_der(of.leaf_certificate, of.intermediate_certificates, key.to_vec());
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    store.install(credentials, UnixTime::since_unix_epoch(since))?;
    Ok(expires)
}

/// The end of the certificate that these bytes of an authority brought into use, if they did.
#[cfg(feature = "fuzzing")]
pub fn take_bytes(bytes: &[u8], key: &[u8], store: &Store, now: SystemTime) -> Option<SystemTime> {
    take(prost::Message::decode(bytes).ok()?, key, store, now).ok()
}

/// Waits for `pause` by either clock: a certificate grows old while the machine sleeps, when timers stand still.
async fn rest(pause: Duration) {
    let (began, due) = (tokio::time::Instant::now(), SystemTime::now().checked_add(pause));
    loop {
        let left = pause.saturating_sub(began.elapsed());
        if left.is_zero() || due.is_some_and(|due| SystemTime::now() >= due) {
            return;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

/// When to renew a certificate that has so much time left.
fn renew_after(left: Duration, min: Duration, max: Duration) -> Duration {
    left.mul_f64(RENEW_AT).min(max).max(min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewal_keeps_its_limits() {
        let (min, max) = (Duration::from_secs(10), Duration::from_secs(3600));
        for (left, after) in [(100, 70), (1, 10), (1_000_000, 3600)] {
            assert_eq!(renew_after(Duration::from_secs(left), min, max), Duration::from_secs(after));
        }
    }
}
