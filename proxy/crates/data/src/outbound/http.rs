//! Requests of the program: routed one by one, by the policy that is in force now.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use hauberk_core::classify;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::http::body::Body;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::guard::Gate;
use crate::http::headers::{self, REQUIRE_ID};
use crate::http::serve::{self, Reset};
use crate::http::translate::{self, AuthorityCache};
use crate::outbound::destination::Destination;
use crate::outbound::filter::{self, Answer};
use crate::outbound::rule::Rule;
use crate::outbound::{labels, response, send, tunnel};
use crate::stream::Stream;
use crate::worker::Worker;

/// Serves the requests of one connection to its end.
pub(super) async fn serve(
    worker: &Rc<Worker>,
    stream: Stream,
    destination: Rc<Destination>,
    client: SocketAddr,
    http2: bool,
) {
    let gate = Gate::default();
    let connection = Rc::new(Connection {
        worker: worker.clone(),
        fallback: translate::authority_of(destination.addr()),
        destination,
        client,
        gate: gate.clone(),
        authorities: RefCell::default(),
    });
    let drain = worker.drain.clone();
    let service = move |request| connection.clone().call(request);
    let result = if http2 {
        serve::http2(stream, drain, service).await
    } else {
        serve::http1(stream, gate, drain, service).await
    };
    if let Err(error) = result {
        tracing::debug!(%client, %error, "a connection of the program ended early");
    }
}

/// What is known of one connection, so that a request need not find it out again.
pub(super) struct Connection {
    pub(super) worker: Rc<Worker>,
    pub(super) client: SocketAddr,
    pub(super) gate: Gate,
    /// For requests that name no host: the address that the program dialled.
    pub(super) fallback: Authority,
    pub(super) authorities: RefCell<AuthorityCache>,
    destination: Rc<Destination>,
}

/// One request, as far as its answer depends on it.
pub(super) struct Exchange {
    pub(super) started: Instant,
    pub(super) version: Version,
    pub(super) grpc: bool,
    /// The identity that the program demands of the server.
    pub(super) require_id: Option<HeaderValue>,
}

impl Connection {
    async fn call(self: Rc<Self>, mut request: Request<Incoming>) -> Result<Response<Body>, Reset> {
        let mut exchange = Exchange {
            started: Instant::now(),
            version: request.version(),
            grpc: classify::is_grpc(request.headers()),
            require_id: None,
        };
        exchange.require_id = request.headers_mut().remove(REQUIRE_ID);
        headers::strip_l5d(request.headers_mut());
        translate::settle_host(&mut request);
        if exchange.version == Version::HTTP_2 {
            translate::ensure_authority(&mut request, &self.fallback);
        }
        let result = match self.rule(&request) {
            Ok(rule) => self.forward(&exchange, &rule, request).await,
            Err(error) => Err(error),
        };
        Ok(result.unwrap_or_else(|error| self.answer(&error, &exchange)))
    }

    fn rule<B>(&self, request: &Request<B>) -> Result<Rc<Rule>, ProxyError> {
        let Some(stack) = self.destination.current(&self.worker) else {
            return Err(ProxyError::new(ErrorKind::FailFast, "nothing is known of the destination"));
        };
        stack.request(request).cloned()
    }

    async fn forward(
        &self,
        exchange: &Exchange,
        rule: &Rc<Rule>,
        mut request: Request<Incoming>,
    ) -> Result<Response<Body>, ProxyError> {
        let random = || self.worker.random();
        if let Some(answer) = filter::request(&rule.filters, &mut request, &rule.prefixes, random) {
            return answered(answer);
        }
        let leaf = rule.leaf(self.worker.random())?;
        if let Some(answer) = filter::request(&leaf.filters, &mut request, &rule.prefixes, random) {
            return answered(answer);
        }
        if headers::is_tunnel(&request) {
            return Box::pin(tunnel::open(self, exchange, leaf, request)).await;
        }
        let answer = send::send(self, exchange, rule, leaf, request).await?;
        Ok(response::finish(self, exchange, rule, leaf, answer))
    }

    /// Returns once policy would forbid this very request.
    pub(super) fn revoked(&self, request: &Request<Incoming>) -> impl Future<Output = ()> + use<> {
        let mut asked = Request::new(());
        (*asked.method_mut(), *asked.uri_mut()) = (request.method().clone(), request.uri().clone());
        asked.headers_mut().clone_from(request.headers());
        *asked.version_mut() = request.version();
        let (worker, destination) = (self.worker.clone(), self.destination.clone());
        async move { destination.forbidden(&worker, |stack| stack.request(&asked).map(drop)).await }
    }

    /// The answer of the proxy itself.
    fn answer(&self, error: &ProxyError, exchange: &Exchange) -> Response<Body> {
        labels::http_error(&self.worker.shared.metrics, error);
        error.to_response(exchange.grpc, self.worker.shared.config.outbound.informational_headers)
    }
}

fn answered(answer: Answer) -> Result<Response<Body>, ProxyError> {
    match answer {
        Answer::Failure(error) => Err(error),
        Answer::Redirect(response) => Ok(response),
    }
}
