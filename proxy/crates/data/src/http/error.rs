//! Answers that a proxy gives by itself: who failed and why.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use crate::http::body::Body;
use crate::http::headers::{PROXY_ERROR, value_of};
use crate::http::limit::Limit;

/// Why a proxy could not forward a request. The text is for people; `kind` is what metrics and clients rely on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ProxyError {
    /// The class of the failure.
    pub(crate) kind: ErrorKind,
    /// The same as finely as responses are counted: their `error` label.
    pub(crate) class: &'static str,
    /// Who failed and why, without secrets.
    pub(crate) message: String,
    /// Seconds after which another try may succeed.
    pub(crate) retry_after: Option<u64>,
    /// What the server's own reset said, over HTTP/2.
    pub(crate) reset: Option<h2::Reason>,
}

/// The classes of failure; each has one status and one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorKind {
    /// The request itself is wrong.
    BadRequest,
    /// Policy lets this client not do this.
    Unauthorized,
    /// No route matches.
    NoRoute,
    /// The service has no ready endpoint.
    NoEndpoints,
    /// Nothing became ready in time.
    FailFast,
    /// No connection to the endpoint.
    Connect,
    /// No connection to the endpoint in time.
    ConnectTimeout,
    /// The connection was lost before the answer began.
    Unanswered,
    /// The answer made no sense, or the request's own body failed.
    Failed,
    /// The request asks for what the endpoint does not offer.
    Unsupported,
    /// No answer in time.
    Timeout,
    /// Nothing passed in either direction for as long as policy gives.
    Idle,
    /// The client announced a body and sent nothing of it for too long.
    ClientStalled,
    /// The endpoint is not who the program demands.
    IdentityRequired,
    /// This proxy has too much to do.
    LoadShed,
    /// The client has sent more requests than policy lets it in this time.
    RateLimited,
    /// The request came through this gateway before.
    GatewayLoop,
    /// The policy itself is wrong.
    InvalidPolicy,
    /// Policy injects a failure.
    Injected(StatusCode),
    /// Policy injects a failure of this gRPC code.
    InjectedGrpc(u16),
}

impl ErrorKind {
    /// The HTTP status (linkerd2-proxy's choices, so that dashboards and clients mean the same).
    pub(crate) fn status(self) -> StatusCode {
        match self {
            ErrorKind::BadRequest => StatusCode::BAD_REQUEST,
            ErrorKind::Unauthorized => StatusCode::FORBIDDEN,
            ErrorKind::NoRoute => StatusCode::NOT_FOUND,
            ErrorKind::NoEndpoints | ErrorKind::LoadShed => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::FailFast | ErrorKind::ConnectTimeout | ErrorKind::Timeout | ErrorKind::Idle => {
                StatusCode::GATEWAY_TIMEOUT
            }
            ErrorKind::ClientStalled => StatusCode::REQUEST_TIMEOUT,
            ErrorKind::Connect | ErrorKind::Unanswered | ErrorKind::Failed | ErrorKind::IdentityRequired => {
                StatusCode::BAD_GATEWAY
            }
            ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
            ErrorKind::GatewayLoop => StatusCode::LOOP_DETECTED,
            ErrorKind::InvalidPolicy => StatusCode::INTERNAL_SERVER_ERROR,
            ErrorKind::Injected(status) => status,
            ErrorKind::InjectedGrpc(_) => StatusCode::OK,
        }
    }

    /// The gRPC code, if the answer is one of gRPC.
    pub(crate) fn grpc_code(self, grpc: bool) -> Option<u16> {
        match self {
            ErrorKind::InjectedGrpc(code) => Some(code),
            kind => grpc.then(|| hauberk_core::classify::grpc_code_of(kind.status())),
        }
    }

    /// The value of the `error` label where errors of this proxy are counted.
    pub(crate) fn label(self) -> &'static str {
        match self {
            ErrorKind::BadRequest => "bad request",
            ErrorKind::Unauthorized => "unauthorized",
            ErrorKind::NoRoute => "no route",
            ErrorKind::NoEndpoints => "no endpoints",
            ErrorKind::FailFast => "failfast",
            ErrorKind::Connect | ErrorKind::Unanswered | ErrorKind::Failed => "i/o",
            ErrorKind::ConnectTimeout => "connect timeout",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Timeout => "response timeout",
            ErrorKind::Idle => "idle timeout",
            ErrorKind::ClientStalled => "client stalled",
            ErrorKind::IdentityRequired => "identity required",
            ErrorKind::GatewayLoop => "gateway loop",
            ErrorKind::LoadShed => "loadshed",
            ErrorKind::RateLimited => "rate limited",
            ErrorKind::InvalidPolicy => "invalid policy",
            ErrorKind::Injected(_) | ErrorKind::InjectedGrpc(_) => "injected",
        }
    }
}

impl ProxyError {
    /// An error with its reason.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let retry_after = (kind == ErrorKind::LoadShed).then_some(1);
        Self { kind, class: kind.label(), message: message.into(), retry_after, reset: None }
    }

    /// The answer does not come in the time of `limit`.
    pub(crate) fn late(limit: Limit, message: impl Into<String>) -> Self {
        Self { class: limit.class(), ..Self::new(ErrorKind::Timeout, message) }
    }

    /// The same with the time after which another try may succeed.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The answer: an HTTP status, or for gRPC a trailers-only response. `explain` adds the reason, which only the
    /// program beside this proxy and the proxies of the mesh may see.
    pub(crate) fn to_response(&self, grpc: bool, explain: bool) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let reason = value_of(&self.message);
        if let Some(code) = self.kind.grpc_code(grpc) {
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert("grpc-status", HeaderValue::from(code));
            // What policy itself wants to be said is for everybody.
            let public = matches!(self.kind, ErrorKind::Injected(_) | ErrorKind::InjectedGrpc(_));
            let said = if explain || public { self.message.as_str() } else { self.kind.label() };
            headers.insert("grpc-message", value_of(&percent_encode(said)));
        } else {
            *response.status_mut() = self.kind.status();
            if explain && !self.message.is_empty() {
                *response.body_mut() = Body::full(Bytes::from(format!("{}\n", self.message)));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            }
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if explain {
            response.headers_mut().insert(PROXY_ERROR, reason);
        }
        response
    }
}

/// The encoding of `grpc-message` (gRPC over HTTP/2, "Percent-Encoded").
fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
