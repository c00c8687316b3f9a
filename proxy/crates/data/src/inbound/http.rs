//! Requests to the program: decided one by one, by the policy that is in force now.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::budget::{Budget, Share};
use hauberk_core::classify;
use hauberk_core::fair;
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use hauberk_metrics::edge::EdgeMetrics;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::access_log::Logged;
use crate::http::body::Body;
use crate::http::client::{LEFT_OUT_MAX, SendError};
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::{self, CLIENT_ID, UNANSWERED};
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::observe::{Head, ResponseObserver, Way};
use crate::http::replay::Replay;
use crate::http::serve::{self, Reply, Reset, Serving};
use crate::http::stall::Patience;
use crate::http::translate;
use crate::inbound::app::App;
use crate::inbound::decide::Decided;
use crate::inbound::gateway::Gateway;
use crate::inbound::{Client, labels, tunnel};
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
    gateway: Option<Rc<Gateway>>,
) -> io::Result<()> {
    let policy = worker.inbound.policy(worker, dst.port());
    stream.attach(labels::http_transport(&worker.shared.metrics, &policy.borrow(), &client, dst));
    let connection = Rc::new(Connection {
        client_id: client_id(&client),
        places: worker.shared.budgets.clients.requests.part(fair::Client::of(client.addr.ip(), &client.tls)),
        app: gateway.as_ref().map_or_else(|| worker.inbound.app(worker, dst), |gateway| gateway.app().clone()),
        worker: worker.clone(),
        decided: RefCell::default(),
        policy: RefCell::new(policy),
        fallback: translate::authority_of(dst),
        client,
        dst,
        gateway,
    });
    let how = Serving {
        http2: http2.then_some(worker.shared.config.inbound.http.server),
        buffers: &worker.shared.budgets.buffers,
        patience: Patience::new(&worker.shared, labels::client_stalled),
        drain: worker.drain.clone(),
    };
    let service = move |request, interims| connection.clone().call(request, interims);
    if let Err(error) = serve::serve(stream, how, service).await {
        tracing::debug!(%error, "a connection ended early");
    }
    Ok(())
}

/// What is known of one connection, so that a request need not find it out again.
pub(super) struct Connection {
    pub(super) worker: Rc<Worker>,
    pub(super) client: Client,
    pub(super) dst: SocketAddr,
    pub(super) app: Rc<App>,
    pub(super) policy: RefCell<watch::Receiver<Arc<ServerPolicy>>>,
    pub(super) decided: RefCell<Decided>,
    /// What the client may have of those for requests.
    places: Budget,
    client_id: Option<HeaderValue>,
    /// Set: the requests are for another destination than the program.
    gateway: Option<Rc<Gateway>>,
    /// For requests that name no host.
    fallback: Authority,
}

/// One request, as far as its answer depends on it.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    started: Instant,
    grpc: bool,
    /// The version that the program is spoken to with.
    version: Version,
    /// It was HTTP/1, and came over HTTP/2.
    carried: bool,
    /// The client is a member of the mesh, and may know the reason of a failure.
    meshed: bool,
}

impl Connection {
    fn call(
        self: Rc<Self>,
        request: Request<Incoming>,
        interims: Interims,
    ) -> Logged<impl Future<Output = Result<Reply, Reset>>> {
        let connection = self.clone();
        let answer = |request| connection.answer(request, interims);
        Logged::new(self.worker.shared.access_log.as_ref(), &self.client, request, answer)
    }

    async fn answer(self: Rc<Self>, mut request: Request<Incoming>, interims: Interims) -> Result<Reply, Reset> {
        let http2_peer = request.version() == Version::HTTP_2;
        let meshed = self.client.tls != ClientTls::Plain;
        let carried = meshed && http2_peer && translate::restore_request(&mut request);
        let version = request.version();
        let grpc = classify::is_grpc(request.headers());
        let exchange = Exchange { started: Instant::now(), grpc, version, carried, meshed };
        headers::strip_l5d(request.headers_mut());
        translate::settle_host(&mut request);
        let Some(place) = self.worker.shared.budgets.place(&self.places) else {
            let error = ProxyError::new(ErrorKind::LoadShed, "too many requests are in flight, or wait to be taken");
            labels::http_error(&self.worker.shared.metrics, &error);
            return Ok(self.refusal(&error, exchange).into());
        };
        let (outcome, injected) = match self.decide(&request) {
            Ok(decision) => decision,
            Err(error) => {
                labels::http_error(&self.worker.shared.metrics, &error);
                return Ok(self.refusal(&error, exchange).into());
            }
        };
        let injected = match &self.gateway {
            Some(gateway) if outcome.allowed && injected.is_none() => gateway.admit(&mut request, &self.client).err(),
            _ => injected,
        };
        outcome.edge.request();
        if !outcome.allowed || injected.is_some() {
            let error = injected.unwrap_or_else(|| self.unauthorized());
            let response = self.refusal(&error, exchange);
            return Ok(observe(response, outcome.edge, exchange, None, error.kind.label()).into());
        }
        if headers::is_tunnel(&request) {
            return Box::pin(tunnel::open(&self, request, outcome.edge, exchange, &interims, place)).await;
        }
        if version == Version::HTTP_2 {
            translate::ensure_authority(&mut request, &self.fallback);
        } else {
            headers::strip_hop_by_hop(request.headers_mut());
        }
        self.name_client(request.headers_mut());
        match self.send(request, version == Version::HTTP_2, &interims).await {
            Ok(response) => {
                let mut response = observe(response.map(Body::incoming), outcome.edge, exchange, Some(place), "");
                headers::strip_l5d(response.headers_mut());
                translate(&mut response, exchange);
                Ok(response.into())
            }
            Err(failure) if failure.is_untouched() && http2_peer => {
                labels::http_error(&self.worker.shared.metrics, &failure.to_error(self.app.connector.peer()));
                Err(Reset::refused())
            }
            Err(failure) => {
                let reset = failure.reset().filter(|_| version == Version::HTTP_2);
                let response = self.failed(&failure, outcome.edge, exchange);
                match reset {
                    // A client that speaks HTTP/2 hears what its server said.
                    Some(reason) => Err(Reset::with(reason)),
                    None => Ok(response.into()),
                }
            }
        }
    }

    /// Sends a request to the program. A kept connection that was lost proves nothing about the program: a request that
    /// may be repeated gets a second try. What the program's goodbye left out goes on until some connection takes it.
    async fn send(
        &self,
        request: Request<Incoming>,
        http2: bool,
        interims: &Interims,
    ) -> Result<Response<Incoming>, SendError> {
        let idempotent = headers::is_idempotent(request.method());
        let (parts, body) = request.into_parts();
        let replay = Replay::of(body, REPLAY_MAX, &self.worker.shared.budgets.buffers);
        let first = Request::from_parts(parts.clone(), replay.body().unwrap_or_else(Body::empty));
        let mut result = self.send_once(first, http2, interims).await;
        let (mut moves, mut left_out) = (1, LEFT_OUT_MAX);
        while let Err(error) = &result {
            let Some(body) = replay.body() else { break };
            if error.is_left_out() && left_out > 0 {
                left_out -= 1;
            } else if moves > 0 && is_worth_another(error, idempotent) {
                moves -= 1;
            } else {
                break;
            }
            result = Box::pin(self.send_once(Request::from_parts(parts.clone(), body), http2, interims)).await;
        }
        result
    }

    async fn send_once(
        &self,
        request: Request<Body>,
        http2: bool,
        interims: &Interims,
    ) -> Result<Response<Incoming>, SendError> {
        let connector = &self.app.connector;
        if http2 {
            self.app.http2.send(connector, request, interims).await
        } else {
            self.app.http1.send(connector, request, interims).await
        }
    }

    /// After everything that the client may have named in `Connection` is gone.
    pub(super) fn name_client(&self, headers: &mut HeaderMap) {
        if let Some(id) = &self.client_id {
            headers.insert(CLIENT_ID, id.clone());
        }
    }

    /// The program gave no answer.
    pub(super) fn failed(&self, failure: &SendError, edge: Rc<EdgeMetrics>, exchange: Exchange) -> Response<Body> {
        let error = failure.to_error(self.app.connector.peer());
        labels::http_error(&self.worker.shared.metrics, &error);
        observe(self.refusal(&error, exchange), edge, exchange, None, error.kind.label())
    }

    fn refusal(&self, error: &ProxyError, exchange: Exchange) -> Response<Body> {
        let mut response = error.to_response(exchange.grpc, exchange.meshed);
        if exchange.meshed && error.kind == ErrorKind::Unanswered {
            response.headers_mut().insert(UNANSWERED, HeaderValue::from_static("true"));
        }
        translate(&mut response, exchange);
        response
    }
}

/// Nobody was asked, or somebody who closed the connection and may be asked again.
fn is_worth_another(error: &SendError, idempotent: bool) -> bool {
    let refused = matches!(error, SendError::Connect(_));
    !refused && (error.is_untouched() || (idempotent && error.is_lost()))
}

/// The response as the client's proxy, or the client, takes it.
fn translate(response: &mut Response<Body>, exchange: Exchange) {
    if exchange.carried {
        translate::mark_response(response, response.version());
    } else if exchange.version != Version::HTTP_2 {
        translate::restore_response(response);
    }
}

/// Measures a response to its end; `error` is the class of a failure that the proxy itself answers.
pub(super) fn observe(
    response: Response<Body>,
    edge: Rc<EdgeMetrics>,
    exchange: Exchange,
    place: Option<Share>,
    error: &'static str,
) -> Response<Body> {
    let head = Head::of(&response, exchange.grpc);
    let observer = ResponseObserver {
        edge,
        way: Way::default(),
        started: exchange.started,
        head,
        load: None,
        trial: None,
        place,
        error,
    };
    response.map(|body| body.observed(Box::new(observer)))
}

fn client_id(client: &Client) -> Option<HeaderValue> {
    match &client.tls {
        ClientTls::Identified { id, .. } => HeaderValue::from_str(id.as_str()).ok(),
        ClientTls::Anonymous | ClientTls::Plain => None,
    }
}
