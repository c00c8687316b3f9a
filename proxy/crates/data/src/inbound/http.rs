//! Requests to the program: decided one by one, by the policy that is in force now.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::authorize::{self, Verdict};
use hauberk_core::classify;
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use hauberk_metrics::edge::EdgeMetrics;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::forward::until_revoked;
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::guard::Gate;
use crate::http::headers::{self, CLIENT_ID};
use crate::http::observe::{Head, Lease, ResponseObserver};
use crate::http::replay::Replay;
use crate::http::serve::{self, Reset};
use crate::http::translate;
use crate::http::tunnel;
use crate::inbound::Client;
use crate::inbound::app::App;
use crate::inbound::labels;
use crate::inbound::route::{self, Access};
use crate::stream::Stream;
use crate::worker::Worker;

/// Bytes of a request body kept for a second try on a fresh connection to the program.
const REPLAY_MAX: usize = 64 * 1024;

/// Serves the requests of one connection to its end.
pub(super) async fn serve(
    worker: &Rc<Worker>,
    mut stream: Stream,
    client: Client,
    dst: SocketAddr,
    http2: bool,
) -> io::Result<()> {
    let policy = worker.inbound.policy(worker, dst.port());
    stream.attach(labels::http_transport(&worker.shared.metrics, &policy.borrow(), &client, dst));
    let gate = Gate::default();
    let connection = Rc::new(Connection {
        client_id: client_id(&client),
        app: worker.inbound.app(worker, dst),
        worker: worker.clone(),
        decided: RefCell::default(),
        policy: RefCell::new(policy),
        gate: gate.clone(),
        fallback: translate::authority_of(dst),
        client,
        dst,
    });
    let drain = worker.drain.clone();
    let service = move |request| connection.clone().call(request);
    let result = if http2 {
        serve::http2(stream, drain, service).await
    } else {
        serve::http1(stream, gate, drain, service).await
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
    Ok(())
}

/// What is known of one connection, so that a request need not find it out again.
struct Connection {
    worker: Rc<Worker>,
    client: Client,
    client_id: Option<HeaderValue>,
    dst: SocketAddr,
    app: Rc<App>,
    policy: RefCell<watch::Receiver<Arc<ServerPolicy>>>,
    decided: RefCell<Decided>,
    gate: Gate,
    /// For requests that name no host.
    fallback: Authority,
}

/// Decisions under one policy, by route: a change of policy starts afresh.
#[derive(Default)]
struct Decided {
    policy: Option<Arc<ServerPolicy>>,
    by_route: Vec<(route::Key, Outcome)>,
}

/// What was decided for a route, with the counters of exactly these labels.
#[derive(Clone)]
struct Outcome {
    allowed: bool,
    edge: Rc<EdgeMetrics>,
}

impl Connection {
    async fn call(self: Rc<Self>, mut request: Request<Incoming>) -> Result<Response<Body>, Reset> {
        let started = Instant::now();
        let grpc = classify::is_grpc(request.headers());
        let http2_peer = request.version() == Version::HTTP_2;
        let meshed = self.client.tls != ClientTls::Plain;
        let carried = meshed && http2_peer && translate::restore_request(&mut request);
        let version = request.version();
        headers::strip_l5d(request.headers_mut());
        translate::settle_host(&mut request);
        let (outcome, injected) = match self.decide(&request) {
            Ok(decision) => decision,
            Err(error) => {
                labels::http_error(&self.worker.shared.metrics, &error);
                return Ok(self.answer(&error, grpc, meshed, carried, version));
            }
        };
        outcome.edge.request();
        if !outcome.allowed || injected.is_some() {
            let error = injected.unwrap_or_else(|| self.unauthorized());
            let response = self.answer(&error, grpc, meshed, carried, version);
            return Ok(self.observe(response, outcome.edge, started, grpc, Lease::None, error.kind.label()));
        }
        if headers::is_tunnel(&request) {
            return Box::pin(self.tunnel(request, outcome.edge, started, meshed)).await;
        }
        if version == Version::HTTP_2 {
            translate::ensure_authority(&mut request, &self.fallback);
        } else {
            headers::strip_hop_by_hop(request.headers_mut());
        }
        self.name_client(request.headers_mut());
        match self.send(request, version == Version::HTTP_2).await {
            Ok((response, lease)) => {
                let mut response = self.observe(response.map(Body::incoming), outcome.edge, started, grpc, lease, "");
                headers::strip_l5d(response.headers_mut());
                self.translate(&mut response, carried, version);
                Ok(response)
            }
            Err(failure) => {
                let untouched = failure.is_untouched();
                let error = failure.into_error(self.app.connector.peer());
                labels::http_error(&self.worker.shared.metrics, &error);
                if untouched && http2_peer {
                    return Err(Reset::refused());
                }
                let response = self.answer(&error, grpc, meshed, carried, version);
                Ok(self.observe(response, outcome.edge, started, grpc, Lease::None, error.kind.label()))
            }
        }
    }

    /// The decision for a request, made once for each route under each policy.
    fn decide(&self, request: &Request<Incoming>) -> Result<(Outcome, Option<ProxyError>), ProxyError> {
        let mut decided = self.decided.borrow_mut();
        let mut policy = self.policy.borrow_mut();
        if decided.policy.is_none() || policy.has_changed().unwrap_or(false) {
            let latest = policy.borrow_and_update().clone();
            decided.by_route.clear();
            decided.policy = Some(latest);
        }
        let Decided { policy: Some(policy), by_route } = &mut *decided else {
            return Err(ProxyError::new(ErrorKind::InvalidPolicy, "no policy"));
        };
        let no_route = || ProxyError::new(ErrorKind::NoRoute, format!("no route of port {} matches", self.dst.port()));
        let mut outcome_of = |access: &Access<'_>| {
            let known = by_route.iter().find(|(key, _)| *key == access.key).map(|(_, outcome)| outcome.clone());
            known.unwrap_or_else(|| {
                let outcome = self.judge(policy, access);
                by_route.push((access.key, outcome.clone()));
                outcome
            })
        };
        let access = route::find(policy, request).ok_or_else(no_route)?;
        let injected = access.failure(self.worker.random());
        let outcome = outcome_of(&access);
        if outcome.allowed
            && let Some(uri) = route::other_reading(policy, request)
        {
            let other = outcome_of(&route::find_at(policy, request, &uri).ok_or_else(no_route)?);
            if !other.allowed {
                return Ok((other, None));
            }
        }
        Ok((outcome, injected))
    }

    fn judge(&self, policy: &ServerPolicy, access: &Access<'_>) -> Outcome {
        let ip = self.client.addr.ip();
        let verdict = authorize::request(policy, access.authorizations, ip, &self.client.tls);
        let metrics = &self.worker.shared.metrics;
        let edge = labels::edge(metrics, policy, access.meta, &verdict, &self.client, self.dst);
        Outcome { allowed: matches!(verdict, Verdict::Allow(_)), edge }
    }

    fn unauthorized(&self) -> ProxyError {
        let who = match &self.client.tls {
            ClientTls::Identified { id, .. } => id.as_str().to_owned(),
            ClientTls::Anonymous => "a client without a certificate".to_owned(),
            ClientTls::Plain => "an unauthenticated client".to_owned(),
        };
        let port = self.dst.port();
        ProxyError::new(ErrorKind::Unauthorized, format!("{who} is not authorized on port {port}"))
    }

    /// Sends a request to the program. A kept connection that was lost proves nothing about the program: a request that
    /// may be repeated gets a second try.
    async fn send(&self, request: Request<Incoming>, http2: bool) -> Result<(Response<Incoming>, Lease), SendError> {
        if !headers::is_idempotent(request.method()) {
            return self.send_once(request.map(Body::incoming), http2).await;
        }
        let (parts, body) = request.into_parts();
        let replay = Replay::of(body, REPLAY_MAX);
        let first = Request::from_parts(parts.clone(), replay.body().unwrap_or_else(Body::empty));
        match self.send_once(first, http2).await {
            Err(SendError::Lost(error)) => match replay.body() {
                Some(body) => Box::pin(self.send_once(Request::from_parts(parts, body), http2)).await,
                None => Err(SendError::Lost(error)),
            },
            result => result,
        }
    }

    async fn send_once(&self, request: Request<Body>, http2: bool) -> Result<(Response<Incoming>, Lease), SendError> {
        let connector = &self.app.connector;
        if http2 {
            let (response, lease) = self.app.http2.send(connector, request).await?;
            Ok((response, Lease::Shared(lease)))
        } else {
            let (response, lease) = self.app.http1.send(connector, request).await?;
            Ok((response, Lease::Pool(lease)))
        }
    }

    /// After everything that the client may have named in `Connection` is gone.
    fn name_client(&self, headers: &mut HeaderMap) {
        if let Some(id) = &self.client_id {
            headers.insert(CLIENT_ID, id.clone());
        }
    }

    async fn tunnel(
        &self,
        mut request: Request<Incoming>,
        edge: Rc<EdgeMetrics>,
        started: Instant,
        meshed: bool,
    ) -> Result<Response<Body>, Reset> {
        let version = request.version();
        let client = tunnel::Client {
            upgrade: hyper::upgrade::on(&mut request),
            addr: self.client.addr,
            gate: self.gate.clone(),
            method: request.method().clone(),
            open: self.worker.occupy(),
        };
        let revoked = self.revoked(&request);
        translate::to_tunnel(&mut request);
        self.name_client(request.headers_mut());
        let sent = self.app.http1.send(&self.app.connector, request.map(Body::incoming)).await;
        match sent {
            Ok((mut response, lease)) => {
                headers::strip_l5d(response.headers_mut());
                let (response, lease) = tunnel::join(client, response, lease, revoked);
                Ok(self.observe(response, edge, started, false, lease, ""))
            }
            Err(failure) => {
                let error = failure.into_error(self.app.connector.peer());
                labels::http_error(&self.worker.shared.metrics, &error);
                let response = self.answer(&error, false, meshed, false, version);
                Ok(self.observe(response, edge, started, false, Lease::None, error.kind.label()))
            }
        }
    }

    /// Returns once policy would refuse this very request.
    fn revoked(&self, request: &Request<Incoming>) -> impl Future<Output = ()> + use<> {
        let (policy, client) = (self.policy.borrow().clone(), self.client.clone());
        let mut asked = Request::new(());
        (*asked.method_mut(), *asked.uri_mut()) = (request.method().clone(), request.uri().clone());
        asked.headers_mut().clone_from(request.headers());
        until_revoked(policy, move |policy: &Arc<ServerPolicy>| {
            route::find(policy, &asked).is_some_and(|access| {
                let verdict = authorize::request(policy, access.authorizations, client.addr.ip(), &client.tls);
                matches!(verdict, Verdict::Allow(_))
            })
        })
    }

    fn translate(&self, response: &mut Response<Body>, carried: bool, version: Version) {
        if carried {
            translate::mark_response(response, response.version());
        } else if version != Version::HTTP_2 {
            translate::restore_response(response);
        }
    }

    fn answer(&self, error: &ProxyError, grpc: bool, meshed: bool, carried: bool, version: Version) -> Response<Body> {
        let mut response = error.to_response(grpc, meshed);
        self.translate(&mut response, carried, version);
        response
    }

    fn observe(
        &self,
        response: Response<Body>,
        edge: Rc<EdgeMetrics>,
        started: Instant,
        grpc: bool,
        lease: Lease,
        error: &'static str,
    ) -> Response<Body> {
        let head = Head::of(&response, grpc);
        let observer = ResponseObserver { edge, started, head, lease, load: None, error };
        response.map(|body| body.observed(Box::new(observer)))
    }
}

fn client_id(client: &Client) -> Option<HeaderValue> {
    match &client.tls {
        ClientTls::Identified { id, .. } => HeaderValue::from_str(id.as_str()).ok(),
        ClientTls::Anonymous | ClientTls::Plain => None,
    }
}
