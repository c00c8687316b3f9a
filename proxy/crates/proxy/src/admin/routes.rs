//! Which request gets which answer.

use std::error::Error;
use std::sync::atomic::Ordering;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::{Admin, env, scrape};
use crate::logging::Log;

/// A filter is short.
const BODY_MAX: usize = 4096;
const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const PATHS: &str = "/live /ready /metrics /env.json /proxy-log-level /proxy-log-format /shutdown\n";

/// `local`: the request comes from this network namespace's loopback, where what changes the proxy is allowed.
pub(super) async fn answer<B>(admin: &Admin, request: Request<B>, local: bool) -> Response<Full<Bytes>>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/live" if get => text(StatusCode::OK, TEXT, "live\n"),
        "/ready" if get && admin.ready.load(Ordering::Acquire) => text(StatusCode::OK, TEXT, "ready\n"),
        "/ready" if get => text(StatusCode::SERVICE_UNAVAILABLE, TEXT, "not ready\n"),
        "/metrics" if get => scrape::answer(request.headers(), &admin.metrics),
        "/env.json" if get => text(StatusCode::OK, JSON, env::as_json(request.uri().query(), std::env::vars())),
        "/live" | "/ready" | "/metrics" | "/env.json" => not_allowed("GET, HEAD"),
        "/proxy-log-level" => change(request, local, &LEVEL, &admin.log).await,
        "/proxy-log-format" => change(request, local, &FORMAT, &admin.log).await,
        "/shutdown" => shutdown(admin, request.method(), local),
        _ => text(StatusCode::NOT_FOUND, TEXT, PATHS),
    }
}

/// Something about the log that can be read and set.
struct Setting {
    get: fn(&Log) -> String,
    set: fn(&Log, &str) -> Result<(), String>,
    example: &'static str,
}

const LEVEL: Setting = Setting { get: Log::filter, set: Log::set_filter, example: "warn,hauberk=debug" };
const FORMAT: Setting = Setting { get: |log| log.format().to_owned(), set: Log::set_format, example: "JSON" };

async fn change<B>(request: Request<B>, local: bool, setting: &Setting, log: &Log) -> Response<Full<Bytes>>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match *request.method() {
        _ if !local => forbidden(),
        Method::GET => text(StatusCode::OK, TEXT, (setting.get)(log) + "\n"),
        Method::PUT => {
            let refused = |why| text(StatusCode::BAD_REQUEST, TEXT, format!("{why}; try {}\n", setting.example));
            let Ok(body) = Limited::new(request.into_body(), BODY_MAX).collect().await else {
                return refused(format!("the body must be complete and no longer than {BODY_MAX} bytes"));
            };
            let bytes = body.to_bytes();
            let set =
                std::str::from_utf8(&bytes).map_err(|e| e.to_string()).and_then(|to| (setting.set)(log, to.trim()));
            set.map_or_else(refused, |()| text(StatusCode::NO_CONTENT, TEXT, ""))
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
