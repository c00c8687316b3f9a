//! Chooses an endpoint for each request: power of two choices by peak EWMA of the latency.

mod queue;
mod rest;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hauberk_core::balance::Weighing;
use hauberk_core::endpoint::{Endpoint, Endpoints};
use hauberk_core::outbound::Breaker;
use hauberk_core::penalty::Penalty;
use hauberk_metrics::balancer::{BalancerMetrics, Carries, Update};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::balance::queue::Queue;
use crate::candidate::Candidate;
use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::labels;
use crate::worker::Worker;

/// The endpoints of one backend, with what this worker has measured of them.
pub(crate) struct Balancer {
    name: Arc<str>,
    source: Source,
    candidates: RefCell<Vec<Rc<Candidate>>>,
    exists: Cell<bool>,
    known: Cell<bool>,
    queue: Queue,
    /// Told when an endpoint that refused connections takes some again.
    up: Rc<Notify>,
    weighing: Cell<Weighing>,
}

enum Source {
    Fixed,
    Watched(RefCell<watch::Receiver<Option<Arc<Endpoints>>>>, Arc<BalancerMetrics>),
}

impl Balancer {
    /// A backend of one endpoint, such as a workload that is addressed directly.
    pub(crate) fn fixed(worker: &Worker, name: Arc<str>, endpoint: Arc<Endpoint>) -> Rc<Self> {
        let weighing = Weighing { default_rtt: Duration::ZERO, decay: Duration::from_secs(10), penalty: None };
        let (shared, decay, up) = (&worker.shared, weighing.decay, Rc::default());
        let candidate = Rc::new(Candidate::new(shared, &name, endpoint, &Default::default(), decay, &up));
        Rc::new(Self {
            queue: Queue::new(shared.common.queue(&name, shared.config.outbound.queue_max), None),
            up,
            name,
            source: Source::Fixed,
            candidates: RefCell::new(vec![candidate]),
            exists: Cell::new(true),
            known: Cell::new(true),
            weighing: Cell::new(weighing),
        })
    }

    /// A backend whose endpoints are discovered by `path`.
    pub(crate) fn watched(worker: &Worker, path: Arc<str>, weighing: Weighing) -> Rc<Self> {
        let endpoints = worker.shared.discover.endpoints(&path);
        let metrics = labels::balancer(&worker.shared.metrics, &path);
        let places = worker.shared.common.queue(&path, worker.shared.config.outbound.queue_max);
        Rc::new(Self {
            queue: Queue::new(places, Some(metrics.clone())),
            name: path,
            source: Source::Watched(RefCell::new(endpoints), metrics),
            candidates: RefCell::default(),
            exists: Cell::new(true),
            known: Cell::new(false),
            up: Rc::default(),
            weighing: Cell::new(weighing),
        })
    }

    /// There are routes that send such traffic here, and let it wait for `patience`.
    pub(crate) fn carries(&self, what: Carries, patience: Duration) {
        if let Source::Watched(_, metrics) = &self.source {
            metrics.carries(what, patience);
        }
    }

    /// How endpoints are weighed from now on.
    pub(crate) fn weigh(&self, weighing: Weighing) {
        let before = self.weighing.replace(weighing);
        if before.decay != weighing.decay {
            self.candidates.borrow().iter().for_each(|candidate| candidate.fade_in(weighing.decay));
        }
    }

    /// The latency assumed of an endpoint that was never measured.
    pub(crate) fn default_rtt(&self) -> Duration {
        self.weighing.get().default_rtt
    }

    /// How much failures weigh, if policy says so.
    pub(crate) fn penalty(&self) -> Option<Penalty> {
        self.weighing.get().penalty
    }

    /// What the backend is called in errors.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// An endpoint for the next request, another one than `tried` where there is one. Waits up to `patience` for the first
    /// answer of discovery and, where nothing was tried before, for an endpoint that takes connections.
    pub(crate) async fn pick(
        &self,
        worker: &Worker,
        tried: Option<SocketAddr>,
        patience: Duration,
        breaker: Option<&Breaker>,
        carries: Carries,
    ) -> Result<Rc<Candidate>, ProxyError> {
        self.refresh(worker);
        if !self.known.get() {
            Box::pin(self.first_answer(patience, carries)).await?; // rare
            self.refresh(worker);
        }
        if tried.is_none() && self.rests() {
            Box::pin(self.first_connection(worker, patience, carries)).await?; // rare
        }
        if let Some(breaker) = breaker
            && !self.candidates.borrow().is_empty()
            && self.admitting(Instant::now()) == 0
            && breaker.min_ready == 0
        {
            let message = format!("every endpoint of {} is left alone for a while after failures", self.name);
            return Err(ProxyError::new(ErrorKind::FailFast, message));
        }
        self.choose(worker, tried, breaker).ok_or_else(|| {
            let why = if self.exists.get() { "has no ready endpoint" } else { "does not exist" };
            ProxyError::new(ErrorKind::NoEndpoints, format!("{} {why}", self.name))
        })
    }

    /// Endpoints that their circuits let requests to.
    fn admitting(&self, now: Instant) -> usize {
        self.candidates.borrow().iter().filter(|candidate| candidate.circuit().admits(now.into_std())).count()
    }

    async fn first_answer(&self, patience: Duration, carries: Carries) -> Result<(), ProxyError> {
        let Source::Watched(source, _) = &self.source else { return Ok(()) };
        let mut source = source.borrow().clone();
        let _waiting = self.queue.enter(&self.name, carries)?;
        let answer = tokio::time::timeout(patience, source.wait_for(Option::is_some)).await;
        if !matches!(answer, Ok(Ok(_))) {
            let message = format!("the control plane named no endpoints of {} within {patience:?}", self.name);
            return Err(ProxyError::new(ErrorKind::FailFast, message));
        }
        Ok(())
    }

    /// Takes over a new view of the endpoints; what is measured of those that stay is kept.
    fn refresh(&self, worker: &Worker) {
        let Source::Watched(source, metrics) = &self.source else { return };
        let mut source = source.borrow_mut();
        if self.known.get() && !source.has_changed().unwrap_or(false) {
            return;
        }
        let Some(view) = source.borrow_and_update().clone() else { return };
        let mut candidates = self.candidates.borrow_mut();
        let mut next = Vec::with_capacity(view.by_addr.len());
        for endpoint in view.by_addr.values() {
            // Both are in the order of their addresses.
            let held = candidates.binary_search_by_key(&endpoint.addr, |held| held.endpoint().addr);
            let same = held.ok().and_then(|at| candidates.get(at)).filter(|held| **held.endpoint() == **endpoint);
            next.push(match same {
                Some(candidate) => candidate.clone(),
                None => {
                    let endpoint = endpoint.clone();
                    Rc::new(Candidate::new(
                        &worker.shared,
                        &self.name,
                        endpoint,
                        &view.labels,
                        self.weighing.get().decay,
                        &self.up,
                    ))
                }
            });
        }
        let kept = next.iter().filter(|candidate| Rc::strong_count(candidate) > 1).count();
        count(metrics, &view, candidates.len(), next.len(), kept);
        *candidates = next;
        self.exists.set(view.exists);
        self.known.set(true);
    }

    /// Two at random, the cheaper one wins. Endpoints that just refused a connection, or that a circuit breaker leaves
    /// alone, are left out while others are there.
    fn choose(&self, worker: &Worker, tried: Option<SocketAddr>, breaker: Option<&Breaker>) -> Option<Rc<Candidate>> {
        let candidates = self.candidates.borrow();
        if let [only] = &candidates[..] {
            return Some(only.clone());
        }
        let now = Instant::now();
        let breaks = breaker.is_some_and(|breaker| self.admitting(now) > breaker.min_ready as usize);
        let usable = |c: &Rc<Candidate>| {
            c.is_up(now) && Some(c.endpoint().addr) != tried && (!breaks || c.circuit().admits(now.into_std()))
        };
        let count = candidates.len();
        if count == 0 {
            return None;
        }
        let first = (worker.random() % count as u64) as usize;
        let second = (first + 1 + (worker.random() % (count as u64 - 1)) as usize) % count;
        let (a, b) = (&candidates[first], &candidates[second]);
        let default_rtt = self.default_rtt();
        let chosen = match (usable(a), usable(b)) {
            (true, true) if a.cost(default_rtt, now) <= b.cost(default_rtt, now) => a,
            (true, true) | (false, true) => b,
            (true, false) => a,
            (false, false) => {
                let start = first;
                let others = (0..count).map(|step| &candidates[(start + step) % count]);
                others
                    .clone()
                    .find(|c| usable(c))
                    .or_else(|| others.clone().find(|c| Some(c.endpoint().addr) != tried))?
            }
        };
        Some(chosen.clone())
    }
}

/// A new view of the endpoints: there were `before`, there are `after`, of which `kept` are the same.
fn count(metrics: &BalancerMetrics, view: &Endpoints, before: usize, after: usize, kept: usize) {
    if !view.exists {
        metrics.updated(Update::DoesNotExist);
    }
    (kept..after).for_each(|_| metrics.updated(Update::Add));
    (kept..before).for_each(|_| metrics.updated(Update::Remove));
    metrics.endpoints(after, 0);
    metrics.gate(after > 0, view.since.unwrap_or_else(SystemTime::now));
}

impl Drop for Balancer {
    fn drop(&mut self) {
        if let Source::Watched(_, metrics) = &self.source {
            metrics.forget();
        }
    }
}
