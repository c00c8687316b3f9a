//! Questions to the API server of Kubernetes, one connection each.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::files;
use crate::kubeconfig::Kubeconfig;

/// For one question; a container runtime waits meanwhile, and asks again after an error.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A pod has at most 1.5 MB, and a list is asked for in pages.
const BODY_MAX: usize = 16 * 1024 * 1024;
const AUTHORITY_MAX: u64 = 1024 * 1024;
const MESSAGE_MAX: usize = 300;

/// A server and who asks it.
pub(crate) struct Api {
    host: String,
    port: u16,
    token: String,
    tls: TlsConnector,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    Settings(String),
    #[error("the API server at {at} does not answer: {why}")]
    Away { at: String, why: String },
    #[error("the API server refused ({}): {message}", status.as_u16())]
    Refused { status: StatusCode, message: String },
}

impl Api {
    pub(crate) fn new(config: &Kubeconfig) -> Result<Self, ApiError> {
        let wrong = |what: &str, why: &dyn ToString| ApiError::Settings(format!("{what}: {}", why.to_string()));
        let (host, port) = split(&config.server).ok_or_else(|| wrong(&config.server, &"must be https://HOST:PORT"))?;
        let pem = files::read(config.authority.as_ref(), AUTHORITY_MAX).map_err(|e| wrong(&config.authority, &e))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|e| wrong(&config.authority, &e))?;
            roots.add(certificate).map_err(|e| wrong(&config.authority, &e))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| wrong("TLS", &e))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { host, port, token: config.token.clone(), tls: TlsConnector::from(Arc::new(tls)) })
    }

    /// The object at `path`; `None` where there is none.
    pub(crate) async fn get(&self, path: &str) -> Result<Option<Value>, ApiError> {
        match self.ask(Method::GET, path, None).await {
            Ok(found) => Ok(Some(found)),
            Err(ApiError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Any question; the answer's object.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        let asked = tokio::time::timeout(TIMEOUT, self.exchange(method, path, body)).await;
        asked.unwrap_or_else(|_| Err(self.away(format!("nothing within {TIMEOUT:?}"))))
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("{}:{}", bracketed(&self.host), self.port))
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("user-agent", "hauberk-cni")
            .header("authorization", format!("Bearer {}", self.token.trim()))
            .body(Full::new(Bytes::from(body.map(Value::to_string).unwrap_or_default())))
            .map_err(|_| {
                ApiError::Settings(
                    "the token, or the name that is asked for, has characters that no request has".into(),
                )
            })?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(self.connect().await?)).await.map_err(|e| self.away(e))?;
        // Its error is also the sender's or the body's.
        let connection = tokio::spawn(async move { drop(connection.await) });
        let response = sender.send_request(request).await.map_err(|e| self.away(e))?;
        let status = response.status();
        let read = Limited::new(response.into_body(), BODY_MAX).collect().await.map_err(|e| self.away(e))?.to_bytes();
        connection.abort();
        if !status.is_success() {
            return Err(ApiError::Refused { status, message: message(&read) });
        }
        serde_json::from_slice(&read).map_err(|e| self.away(format!("the answer makes no sense: {e}")))
    }

    async fn connect(&self) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ApiError> {
        let name = ServerName::try_from(self.host.clone()).map_err(|e| self.away(e))?;
        let socket = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|e| self.away(e))?;
        self.tls.connect(name, socket).await.map_err(|e| self.away(e))
    }

    fn away(&self, why: impl ToString) -> ApiError {
        ApiError::Away { at: format!("{}:{}", bracketed(&self.host), self.port), why: why.to_string() }
    }
}

/// Host and port of an `https` address.
fn split(server: &str) -> Option<(String, u16)> {
    let place = server.strip_prefix("https://")?.trim_end_matches('/');
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (place, 443),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// What a `Status` object (meta/v1) says, or the bare text.
fn message(body: &[u8]) -> String {
    let status: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = match status["message"].as_str() {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    text.chars().take(MESSAGE_MAX).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_a_host_and_a_port() {
        let found = |server| split(server).map(|(host, port)| format!("{host} {port}"));
        assert_eq!(found("https://10.96.0.1:443").as_deref(), Some("10.96.0.1 443"));
        assert_eq!(found("https://[fd00::1]:6443/").as_deref(), Some("fd00::1 6443"));
        assert_eq!(found("https://[fd00::1]").as_deref(), Some("fd00::1 443"));
        assert_eq!(found("https://api.example").as_deref(), Some("api.example 443"));
        for wrong in ["http://10.96.0.1:443", "10.96.0.1:443", "https://", "https://a:b"] {
            assert_eq!(found(wrong), None, "{wrong}");
        }
    }
}
