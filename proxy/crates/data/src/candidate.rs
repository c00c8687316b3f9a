//! One endpoint as this worker sees it: its connections, its latency, its load, whether it is up.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Either;
use hauberk_core::balance::PeakEwma;
use hauberk_core::endpoint::{Endpoint, Labels, ProtocolHint};
use hauberk_core::identity::Id;
use hauberk_core::outbound::Backoff;
use hauberk_core::transport_header::{Header, Session};
use hauberk_metrics::edge::EdgeMetrics;
use http::{Request, Response, Version};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::circuit::SharedCircuit;
use crate::common::AtEndpoint;
use crate::connect::{Connector, Peer};
use crate::http::body::Body;
use crate::http::client::SendError;
use crate::http::incoming::Incoming;
use crate::http::interim::Interims;
use crate::http::pool::Pool;
use crate::http::{Answer, Shared};
use crate::outbound::labels;
use crate::worker;

/// Where there is no other endpoint, connections to one that refused some are tried again after so long at the latest.
const REST_MAX: Duration = Duration::from_secs(1);

/// An endpoint with its connections and what was measured of it.
pub(crate) struct Candidate {
    endpoint: Arc<Endpoint>,
    http1: Connector,
    http1_pool: Rc<Pool>,
    http2: Connector,
    http2_shared: Shared,
    opaque: Connector,
    latency: RefCell<PeakEwma>,
    /// What failures count as, where policy says that they count.
    penalty: RefCell<Option<PeakEwma>>,
    in_flight: Cell<u32>,
    down: RefCell<Option<Down>>,
    backoff: Backoff,
    /// Told when it takes connections again.
    up: Rc<Notify>,
    common: Arc<AtEndpoint>,
    edge: Rc<EdgeMetrics>,
}

/// It refused connections, or its proxy requests, and took none since.
struct Down {
    /// The first and the latest refusal in a row, and how many there were.
    since: Instant,
    latest: Instant,
    times: u32,
    /// It is left alone until then.
    until: Instant,
    /// Why there was no connection; `None` where there was one.
    why: Option<Arc<str>>,
}

/// No connection is tried for a while.
pub(crate) struct Rest {
    /// Until then.
    pub(crate) until: Instant,
    /// There has been none since then.
    pub(crate) since: Instant,
    /// Why there was none.
    pub(crate) why: Arc<str>,
}

/// Counts as load until it is dropped.
pub(crate) struct Load(Rc<Candidate>);

impl Drop for Load {
    fn drop(&mut self) {
        self.0.in_flight.set(self.0.in_flight.get().saturating_sub(1));
    }
}

impl Candidate {
    /// An endpoint that nothing is known of yet.
    pub(crate) fn new(
        shared: &worker::Shared,
        authority: &Arc<str>,
        endpoint: Arc<Endpoint>,
        set_labels: &Labels,
        decay: Duration,
        up: &Rc<Notify>,
    ) -> Self {
        let config = &shared.config.outbound;
        let common = shared.common.endpoint(authority, &endpoint, config.idle_max);
        let local = shared.config.inbound.ips.contains(&endpoint.addr.ip());
        let transport = shared.metrics.transport(&labels::transport(&endpoint, set_labels, local));
        let connector = |session| {
            let peer = peer_of(&endpoint, local, session);
            let (timeout, keep_alive) = (config.connect_timeout, config.connect_keep_alive);
            Connector::new(peer, timeout, keep_alive, shared.tls.clone(), transport.clone())
        };
        Self {
            http1: connector(Some(Session::Http1)),
            http1_pool: Pool::new(&common.idle, config.idle_timeout, &shared.budgets.held),
            http2: connector(Some(Session::Http2)),
            http2_shared: Shared::new(config.http.client.with(&endpoint.http2), &shared.budgets.buffers),
            opaque: connector(None),
            latency: RefCell::new(PeakEwma::new(decay)),
            penalty: RefCell::default(),
            in_flight: Cell::new(0),
            down: RefCell::default(),
            backoff: config.connect_backoff,
            up: up.clone(),
            common,
            edge: Rc::new(labels::edge(&shared.metrics, authority, &endpoint, set_labels, local)),
            endpoint,
        }
    }

    /// What discovery says of it.
    pub(crate) fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// The counters of requests to it.
    pub(crate) fn edge(&self) -> &Rc<EdgeMetrics> {
        &self.edge
    }

    /// The identity that connections to it prove; `None` outside the mesh.
    pub(crate) fn peer_id(&self) -> Option<&Id> {
        match self.peer() {
            Peer::Mesh { target, .. } => Some(&target.id),
            Peer::Plain(_) | Peer::Unix(_) | Peer::Within(_) => None,
        }
    }

    /// Where requests go.
    pub(crate) fn peer(&self) -> &Peer {
        self.http2.peer()
    }

    /// How bytes that nobody reads get there.
    pub(crate) fn opaque(&self) -> &Connector {
        &self.opaque
    }

    /// What one more request there would cost. An endpoint that was never measured gets one request at once, so that a
    /// new one serves soon and a slow one is known after a single request.
    pub(crate) fn cost(&self, default_rtt: Duration, now: Instant) -> f64 {
        let waiting = f64::from(self.in_flight.get());
        let penalty = self.penalty.borrow().as_ref().and_then(|penalty| penalty.estimate(now.into_std()));
        match self.latency.borrow().estimate(now.into_std()) {
            Some(seconds) => seconds.max(penalty.unwrap_or_default()) * (waiting + 1.0),
            None if waiting == 0.0 => 0.0,
            None => default_rtt.as_secs_f64() * (waiting + 1.0),
        }
    }

    /// Whether it is worth a connection now.
    pub(crate) fn is_up(&self, now: Instant) -> bool {
        self.down.borrow().as_ref().is_none_or(|down| down.until <= now)
    }

    /// Whether it refused connections or requests, and took none since.
    pub(crate) fn is_down(&self) -> bool {
        self.down.borrow().is_some()
    }

    /// Whether no connection to it is worth a try now, even if it is the only one. That ends sooner than it is left alone for
    /// others: who has nobody else had better know early that it is back.
    pub(crate) fn rest(&self, now: Instant) -> Option<Rest> {
        let down = self.down.borrow();
        let down = down.as_ref()?;
        let until = down.until.min(down.latest + REST_MAX);
        let rest = || Some(Rest { until, since: down.since, why: down.why.clone()? });
        if until <= now { None } else { rest() }
    }

    /// One request more.
    pub(crate) fn begin(self: &Rc<Self>) -> Load {
        self.in_flight.set(self.in_flight.get() + 1);
        Load(self.clone())
    }

    /// It answered after this long.
    pub(crate) fn answered(&self, latency: Duration, now: Instant) {
        self.latency.borrow_mut().observe(latency, now.into_std());
        self.connected();
    }

    /// It answered with a failure after this long; `default_rtt` is what an endpoint is taken for that was never measured.
    pub(crate) fn failed(&self, latency: Duration, default_rtt: Duration, now: Instant) {
        self.unanswered(latency, default_rtt, now);
        self.connected();
    }

    /// It had not answered after this long.
    pub(crate) fn unanswered(&self, latency: Duration, default_rtt: Duration, now: Instant) {
        self.latency.borrow_mut().observe_failure(latency, default_rtt, now.into_std());
    }

    /// It answered with a failure that counts as a latency like this.
    pub(crate) fn penalized(&self, latency: Duration, decay: Duration, now: Instant) {
        let mut penalty = self.penalty.borrow_mut();
        let penalty = penalty.get_or_insert_with(|| PeakEwma::new(decay));
        penalty.fade_in(decay);
        penalty.observe(latency, now.into_std());
    }

    /// What is measured of it fades in this time from now on.
    pub(crate) fn fade_in(&self, decay: Duration) {
        self.latency.borrow_mut().fade_in(decay);
    }

    /// It took a connection.
    pub(crate) fn connected(&self) {
        if self.down.borrow().is_some() {
            self.down.take();
            self.up.notify_waiters();
        }
    }

    /// It refused a connection, for the reason `why`, or its proxy a request: it is left alone for a while, longer each time;
    /// requests that find out together are one time. `random` is uniform over all values.
    pub(crate) fn unreachable(&self, why: Option<Arc<str>>, now: Instant, random: u64) {
        let mut down = self.down.borrow_mut();
        let (since, times) = match &mut *down {
            Some(down) if down.why.is_none() != why.is_none() => (now, down.times),
            Some(down) if down.until <= now => (down.since, down.times),
            Some(down) => {
                if down.latest + REST_MAX <= now {
                    (down.latest, down.why) = (now, why);
                }
                return;
            }
            None => (now, 0),
        };
        let until = now + self.backoff.pause(times, random);
        *down = Some(Down { since, latest: now, times: times.saturating_add(1), until, why });
    }

    /// Whether it is left alone, and for how long, after failures.
    pub(crate) fn circuit(&self) -> &SharedCircuit {
        &self.common.circuit
    }

    /// Whether a request, unless it asks for a tunnel, shares an HTTP/2 connection between proxies.
    pub(crate) fn carries_http1_over_http2(&self) -> bool {
        self.endpoint.hint == ProtocolHint::Http2 && matches!(self.http2.peer(), Peer::Mesh { .. })
    }

    /// Sends a request over the connections that its version asks for.
    pub(crate) fn send(
        &self,
        request: Request<Body>,
        interims: &Interims,
        again: bool,
    ) -> impl Future<Output = Result<Response<Incoming>, SendError>> {
        if request.version() == Version::HTTP_2 {
            Either::Left(self.http2_shared.send(&self.http2, request, interims))
        } else {
            let (parts, body) = request.into_parts();
            let head = Request::from_parts(parts, ());
            Either::Right(async move { self.http1_pool.send(&self.http1, &head, body, interims, again).await })
        }
    }

    /// Sends a request whose connection may become a tunnel.
    pub(crate) fn ask<B>(
        &self,
        request: &Request<B>,
        body: Body,
        interims: &Interims,
    ) -> impl Future<Output = Result<Answer, SendError>> {
        self.http1_pool.ask(&self.http1, request, body, interims)
    }
}

/// How the endpoint is reached: plainly if it is outside the mesh or this very workload; else by mutual TLS, at its own
/// port, or at its proxy's port with a header that names the real one.
fn peer_of(endpoint: &Endpoint, local: bool, session: Option<Session>) -> Peer {
    let Some(target) = endpoint.tls.clone().filter(|_| !local) else {
        return Peer::Plain(endpoint.addr);
    };
    let session = session.filter(|_| endpoint.hint != ProtocolHint::Opaque);
    let header = |port, name| Some(Header { port, name, session });
    if let Some((name, port)) = endpoint.authority_override.as_deref().and_then(split_authority) {
        return Peer::Mesh { addr: endpoint.addr, target, header: header(port, Some(name.into())) };
    }
    let mut addr = endpoint.addr;
    let header = endpoint.transport_port.and_then(|port| {
        let real = addr.port();
        addr.set_port(port);
        header(real, None)
    });
    Peer::Mesh { addr, target, header }
}

fn split_authority(authority: &str) -> Option<(&str, u16)> {
    let (name, port) = authority.rsplit_once(':')?;
    Some((name, port.parse().ok()?))
}
