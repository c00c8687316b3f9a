//! Which request gets which answer.

use std::sync::atomic::Ordering;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::{Admin, env};

/// A filter is short.
const BODY_MAX: usize = 4096;
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `local`: the request comes from this network namespace's loopback, where what changes the proxy is allowed.
pub(super) async fn answer(admin: &Admin, request: Request<Incoming>, local: bool) -> Response<Full<Bytes>> {
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/live" if get => text(StatusCode::OK, TEXT, "live\n"),
        "/ready" if get && admin.ready.load(Ordering::Acquire) => text(StatusCode::OK, TEXT, "ready\n"),
        "/ready" if get => text(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not ready\n"),
        "/metrics" if get => text(StatusCode::OK, METRICS, (admin.metrics)()),
        "/env.json" if get => text(StatusCode::OK, JSON, env::as_json(request.uri().query(), std::env::vars())),
        "/live" | "/ready" | "/metrics" | "/env.json" => not_allowed("GET, HEAD"),
        "/proxy-log-level" if !local => forbidden(),
        "/proxy-log-level" => log_level(admin, request).await,
        "/shutdown" => shutdown(admin, request.method(), local),
        _ => text(StatusCode::NOT_FOUND, TEXT, "/live /ready /metrics /env.json /proxy-log-level /shutdown\n"),
    }
}

async fn log_level(admin: &Admin, request: Request<Incoming>) -> Response<Full<Bytes>> {
    match *request.method() {
        Method::GET => text(StatusCode::OK, TEXT, admin.level.get() + "\n"),
        Method::PUT => {
            let Ok(body) = Limited::new(request.into_body(), BODY_MAX).collect().await else {
                return text(StatusCode::BAD_REQUEST, TEXT, "the body must be a filter, such as warn,hauberk=debug\n");
            };
            let bytes = body.to_bytes();
            let set = std::str::from_utf8(&bytes).map_err(|e| e.to_string()).and_then(|f| admin.level.set(f.trim()));
            match set {
                Ok(()) => text(StatusCode::NO_CONTENT, TEXT, ""),
                Err(why) => text(StatusCode::BAD_REQUEST, TEXT, format!("{why}; try warn,hauberk=debug\n")),
            }
        }
        _ => not_allowed("GET, PUT"),
    }
}

fn shutdown(admin: &Admin, method: &Method, local: bool) -> Response<Full<Bytes>> {
    match &admin.shutdown {
        None => text(StatusCode::NOT_FOUND, TEXT, "set LINKERD2_PROXY_SHUTDOWN_ENDPOINT_ENABLED=true to enable it\n"),
        Some(_) if !local => forbidden(),
        Some(_) if method != Method::POST => not_allowed("POST"),
        Some(shutdown) => {
            shutdown.notify_one();
            text(StatusCode::OK, TEXT, "shutdown\n")
        }
    }
}

fn forbidden() -> Response<Full<Bytes>> {
    text(StatusCode::FORBIDDEN, TEXT, "only from loopback\n")
}

fn not_allowed(methods: &'static str) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, TEXT, format!("use {methods}\n"));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn text(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
