//! The client of the resource API, over its Unix socket.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hauberk_net::namespace::Namespace;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;
use tokio::net::{UnixSocket, UnixStream};

use crate::http;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// No list of this API is larger; one line of a watch neither.
const BODY_MAX: usize = 16 * 1024 * 1024;
/// What of a refusal is shown.
const MESSAGE_MAX: usize = 300;

/// Where the control plane is.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    socket: PathBuf,
    /// In which network namespace sockets are made, if not this process's own. Both ends of a Unix socket belong to the
    /// namespace of the client's, so a server that is slow to close its end would keep a workload's namespace alive.
    host: Option<Arc<Namespace>>,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Nobody is there, or the answer stopped.
    #[error("the control plane does not answer at {}: {why}", socket.display())]
    Away { socket: PathBuf, why: String },
    /// It said no.
    #[error("the control plane refused ({}): {message}", status.as_u16())]
    Refused { status: StatusCode, message: String },
    /// What it said makes no sense.
    #[error("the control plane sent nonsense: {0}")]
    Nonsense(String),
}

impl Api {
    pub(crate) fn new(socket: PathBuf, host: Option<Arc<Namespace>>) -> Self {
        Self { socket, host }
    }

    /// One call with a JSON answer; `Null` where there is no body.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ApiError> {
        let exchange = async {
            let response = self.request(method, path, body).await?;
            let body = Limited::new(response.into_body(), BODY_MAX).collect();
            let bytes = body.await.map_err(|e| self.away(e))?.to_bytes();
            if bytes.is_empty() {
                return Ok(Value::Null);
            }
            serde_json::from_slice(&bytes).map_err(|e| ApiError::Nonsense(e.to_string()))
        };
        tokio::time::timeout(TIMEOUT, exchange).await.unwrap_or_else(|e| Err(self.away(e)))
    }

    /// Begins to watch `path`.
    pub(crate) async fn watch(&self, path: &str) -> Result<Lines, ApiError> {
        let response = tokio::time::timeout(TIMEOUT, self.request(Method::GET, path, None));
        let response = response.await.unwrap_or_else(|e| Err(self.away(e)))?;
        Ok(Lines { body: response.into_body(), buffer: Vec::new() })
    }

    async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response<Incoming>, ApiError> {
        let text = body.map(Value::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "hauberk")
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(Full::new(Bytes::from(text)))
            .map_err(|e| ApiError::Nonsense(e.to_string()))?;
        let stream = self.connect().await.map_err(|e| self.away(e))?;
        let response = http::send(stream, request).await.map_err(|e| self.away(e))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = Limited::new(response.into_body(), BODY_MAX).collect().await;
        let bytes = body.map(|body| body.to_bytes()).unwrap_or_default();
        Err(ApiError::Refused { status, message: message(&bytes) })
    }

    async fn connect(&self) -> io::Result<UnixStream> {
        let socket = match &self.host {
            Some(host) => host.visit(UnixSocket::new_stream)??,
            None => UnixSocket::new_stream()?,
        };
        socket.connect(&self.socket).await
    }

    fn away(&self, why: impl ToString) -> ApiError {
        ApiError::Away { socket: self.socket.clone(), why: why.to_string() }
    }
}

/// The lines of a response that does not end (Kubernetes' watch: one JSON object on each).
#[derive(Debug)]
pub(crate) struct Lines {
    body: Incoming,
    buffer: Vec<u8>,
}

impl Lines {
    /// The next line; `None` at the end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                return Ok(Some(line));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(e)) => return Err(io::Error::other(e)),
                Some(Ok(frame)) => self.buffer.extend_from_slice(&frame.into_data().unwrap_or_default()),
            }
            if self.buffer.len() > BODY_MAX {
                return Err(io::Error::other(format!("a line has more than {BODY_MAX} bytes")));
            }
        }
    }
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
