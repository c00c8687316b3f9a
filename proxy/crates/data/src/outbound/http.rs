//! Requests of the program: routed one by one, by the policy that is in force now.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;

use hauberk_core::classify;
use hauberk_core::overrides::Overrides;
use hauberk_core::route::Timeouts;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, Version};
use tokio::time::Instant;

use crate::accept::Side;
use crate::http::body::Body;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::headers::{self, REQUIRE_ID};
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::replay;
use crate::http::serve::{self, Reply, Reset, Serving};
use crate::http::stall::Patience;
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
    let connection = Rc::new(Connection {
        worker: worker.clone(),
        fallback: destination.authority(),
        destination,
        authorities: RefCell::default(),
    });
    let how = Serving {
        http2: http2.then_some(worker.shared.config.outbound.http.server),
        buffers: &worker.shared.budgets.buffers,
        patience: Patience::new(&worker.shared, labels::client_stalled),
        drain: worker.drain.of(Side::Outbound),
        explain: worker.shared.config.outbound.informational_headers,
    };
    let service = move |request, interims| connection.clone().call(request, interims);
    if let Err(error) = serve::serve(stream, how, service).await {
        tracing::debug!(%client, %error, "a connection of the program ended early");
    }
}

/// What is known of one connection, so that a request need not find it out again.
pub(super) struct Connection {
    pub(super) worker: Rc<Worker>,
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
    /// What the program asks for instead of policy's times and retries.
    pub(super) overrides: Option<Overrides>,
    /// Where the request goes: where its connection does, unless it names another place.
    pub(super) destination: Rc<Destination>,
}

impl Exchange {
    /// How long the request may take: as policy says, or as the program asks where policy lets it.
    pub(super) fn timeouts(&self, rule: &Rule) -> Timeouts {
        self.overrides.as_ref().map_or(rule.timeouts, |asked| asked.timeouts(&rule.timeouts))
    }
}

impl Connection {
    /// A block and no `async fn`, which would hold its arguments twice.
    #[allow(clippy::manual_async_fn)]
    fn call(
        self: Rc<Self>,
        mut request: Request<Incoming>,
        interims: Interims,
    ) -> impl Future<Output = Result<Reply, Reset>> {
        async move { self.answer(&mut request, &interims).await }
    }

    async fn answer(&self, request: &mut Request<Incoming>, interims: &Interims) -> Result<Reply, Reset> {
        let mut exchange = Exchange {
            started: Instant::now(),
            version: request.version(),
            grpc: classify::is_grpc(request.headers()),
            require_id: None,
            overrides: None,
            destination: self.destination.clone(),
        };
        let named = self.worker.outbound.overridden(&self.worker, request.headers()).await;
        exchange.require_id = request.headers_mut().remove(REQUIRE_ID);
        exchange.overrides = Overrides::take(request.headers_mut());
        headers::strip_l5d(request.headers_mut());
        translate::settle_host(request);
        if exchange.version == Version::HTTP_2 {
            translate::ensure_authority(request, &self.fallback);
        }
        let rule = named.and_then(|named| {
            exchange.destination = named.unwrap_or(exchange.destination.clone());
            self.rule(&exchange, request)
        });
        let result = match rule {
            Ok(rule) => {
                if !rule.overridable {
                    exchange.overrides = None;
                }
                let forwarded = self.forward(&exchange, &rule, request, interims).await;
                forwarded.inspect_err(|error| rule.failed(error, &exchange))
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(reply) => Ok(reply),
            Err(error) => {
                let answer = self.refusal(&error, &exchange);
                // A client that speaks HTTP/2 hears what its server said.
                match error.reset.filter(|_| exchange.version == Version::HTTP_2) {
                    Some(reason) => Err(Reset::with(reason)),
                    None => Ok(answer.into()),
                }
            }
        }
    }

    fn rule<B>(&self, exchange: &Exchange, request: &Request<B>) -> Result<Rc<Rule>, ProxyError> {
        let Some(stack) = exchange.destination.current(&self.worker) else {
            return Err(ProxyError::new(ErrorKind::FailFast, "nothing is known of the destination"));
        };
        stack.request(request).cloned()
    }

    async fn forward(
        &self,
        exchange: &Exchange,
        rule: &Rc<Rule>,
        request: &mut Request<Incoming>,
        interims: &Interims,
    ) -> Result<Reply, ProxyError> {
        let budgets = &self.worker.shared.budgets;
        let Some(place) = budgets.place(&budgets.outbound.requests) else {
            return Err(ProxyError::new(ErrorKind::LoadShed, "too many requests are in flight, or wait to be taken"));
        };
        let random = || self.worker.random();
        if let Some(answer) = filter::request(&rule.filters, request, &rule.prefixes, random) {
            return answered(answer);
        }
        let leaf = rule.leaf(self.worker.random())?;
        if let Some(answer) = filter::request(&leaf.filters, request, &rule.prefixes, random) {
            return answered(answer);
        }
        if headers::is_tunnel(request) {
            let request = std::mem::replace(request, Request::new(Incoming::Empty));
            return Box::pin(tunnel::open(self, exchange, rule, leaf, request, interims, place)).await;
        }
        let answer = send::send(self, exchange, rule, leaf, request, interims).await?;
        Ok(response::finish(self, exchange, rule, leaf, answer, place).into())
    }

    /// Returns once policy would forbid this very request.
    pub(super) fn revoked(&self, exchange: &Exchange, request: &Request<Incoming>) -> impl Future<Output = ()> + use<> {
        let asked = replay::again(request, ());
        let (worker, destination) = (self.worker.clone(), exchange.destination.clone());
        async move { destination.forbidden(&worker, |stack| stack.request(&asked).map(drop)).await }
    }

    /// The answer of the proxy itself.
    fn refusal(&self, error: &ProxyError, exchange: &Exchange) -> Response<Body> {
        labels::http_error(&self.worker.shared.metrics, error);
        error.to_response(exchange.grpc, self.worker.shared.config.outbound.informational_headers)
    }
}

fn answered(answer: Answer) -> Result<Reply, ProxyError> {
    match answer {
        Answer::Failure(error) => Err(error),
        Answer::Redirect(response) => Ok(response.into()),
    }
}
