//! Requests to the program: decided one by one, by the policy that is in force now.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::budget::Budget;
use hauberk_core::classify;
use hauberk_core::fair;
use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use hauberk_metrics::edge::EdgeMetrics;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::accept::Side;
use crate::access_log::Logged;
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::{self, CLIENT_ID};
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::serve::{self, Reply, Reset, Serving};
use crate::http::stall::Patience;
use crate::http::translate;
use crate::inbound::app::App;
use crate::inbound::decide::{Decided, Decision};
use crate::inbound::exchange::Exchange;
use crate::inbound::gateway::Gateway;
use crate::inbound::send::send;
use crate::inbound::{Client, labels, tunnel};
use crate::stream::Stream;
use crate::worker::Worker;

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
    let explain = client.tls != ClientTls::Plain;
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
        drain: worker.drain.of(Side::Inbound),
        explain,
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

impl Connection {
    fn call(
        self: Rc<Self>,
        request: Request<Incoming>,
        interims: Interims,
    ) -> Logged<impl Future<Output = Result<Reply, Reset>>> {
        let connection = self.clone();
        // A block, for an `async fn` would hold its arguments twice.
        let answer = |mut request| async move { connection.answer(&mut request, &interims).await };
        Logged::new(self.worker.shared.access_log.as_ref(), &self.client, request, answer)
    }

    async fn answer(&self, request: &mut Request<Incoming>, interims: &Interims) -> Result<Reply, Reset> {
        let http2_peer = request.version() == Version::HTTP_2;
        let meshed = self.client.tls != ClientTls::Plain;
        let carried = meshed && http2_peer && translate::restore_request(request);
        let version = request.version();
        let grpc = classify::is_grpc(request.headers());
        let exchange = Exchange { started: Instant::now(), grpc, version, carried, meshed };
        headers::strip_l5d(request.headers_mut());
        translate::settle_host(request);
        let Some(place) = self.worker.shared.budgets.place(&self.places) else {
            let error = ProxyError::new(ErrorKind::LoadShed, "too many requests are in flight, or wait to be taken");
            labels::http_error(&self.worker.shared.metrics, &error);
            return Ok(exchange.refusal(&error).into());
        };
        let Decision { outcome, injected, changes } = match self.decide(request) {
            Ok(decision) => decision,
            Err(error) => {
                labels::http_error(&self.worker.shared.metrics, &error);
                return Ok(exchange.refusal(&error).into());
            }
        };
        let injected = match &self.gateway {
            Some(gateway) if outcome.allowed && injected.is_none() => gateway.admit(request, &self.client).err(),
            _ => injected,
        };
        outcome.edge.request();
        if !outcome.allowed || injected.is_some() {
            let error = injected.unwrap_or_else(|| self.unauthorized());
            let response = exchange.refusal(&error);
            return Ok(exchange.observe(response, outcome.edge, None, error.class).into());
        }
        // Policy looks at requests as they came, now and as long as a tunnel lasts.
        let revoked = headers::is_tunnel(request).then(|| tunnel::revoked(self, request));
        if let Some(mut response) = changes.and_then(|changes| changes.apply(request)) {
            exchange.translate(&mut response);
            return Ok(exchange.observe(response, outcome.edge, Some(place), "").into());
        }
        if let Some(revoked) = revoked {
            let request = std::mem::replace(request, Request::new(Incoming::Empty));
            return Box::pin(tunnel::open(self, request, revoked, outcome.edge, exchange, interims, place)).await;
        }
        if version == Version::HTTP_2 {
            translate::ensure_authority(request, &self.fallback);
        } else {
            headers::strip_hop_by_hop(request.headers_mut());
        }
        self.name_client(request.headers_mut());
        match send(&self.app, &self.worker, request, interims, &outcome.edge).await {
            Ok(response) => {
                let mut response = exchange.observe(response.map(Body::incoming), outcome.edge, Some(place), "");
                headers::strip_l5d(response.headers_mut());
                exchange.translate(&mut response);
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
        exchange.observe(exchange.refusal(&error), edge, None, error.class)
    }
}

fn client_id(client: &Client) -> Option<HeaderValue> {
    match &client.tls {
        ClientTls::Identified { id, .. } => HeaderValue::from_str(id.as_str()).ok(),
        ClientTls::Anonymous | ClientTls::Plain => None,
    }
}
