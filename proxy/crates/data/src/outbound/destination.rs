//! One destination, dialled by the program or named by a peer, with the latest that is known of it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::endpoint::Endpoint;
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::Target;
use http::uri::Authority;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::balance::Balancer;
use crate::counted::Counted;
use crate::http::error::{ErrorKind, ProxyError};
use crate::http::translate;
use crate::outbound::labels;
use crate::outbound::stack::Stack;
use crate::worker::Worker;

/// Where a connection or request wants to go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The address that the program dialled.
    Addr(SocketAddr),
    /// The name that a peer gave to this gateway, or a program to this ingress.
    Name(NameAddr),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Addr(addr) => addr.fmt(f),
            Place::Name(name) => name.fmt(f),
        }
    }
}

/// A destination. What a request needs of its policy is computed once for each version of it.
pub(crate) struct Destination {
    place: Place,
    target: RefCell<watch::Receiver<Option<Target>>>,
    stack: RefCell<Option<Rc<Stack>>>,
    fixed: Fixed,
    used: Cell<Instant>,
}

impl Destination {
    /// Asks for a destination; the answer may take its time.
    pub(super) fn new(worker: &Worker, place: Place) -> Self {
        let target = match &place {
            Place::Addr(addr) => worker.shared.discover.outbound(*addr),
            Place::Name(name) => worker.shared.discover.named(name),
        };
        Self {
            place,
            target: RefCell::new(target),
            stack: RefCell::default(),
            fixed: Fixed::default(),
            used: Cell::new(Instant::now()),
        }
    }

    /// Where it is.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// For requests that name no host.
    pub(super) fn authority(&self) -> Authority {
        match &self.place {
            Place::Addr(addr) => translate::authority_of(*addr),
            Place::Name(name) => authority_of(name),
        }
    }

    /// Gives a connection of the program its labels; `server_name`: of its own TLS. A connection within this proxy has none.
    pub(super) fn label(&self, worker: &Worker, socket: &mut Counted, server_name: Option<Option<&str>>) {
        if let Place::Addr(addr) = self.place
            && !socket.is_attached()
        {
            let server_name = server_name.map(|name| worker.outbound.server_names.label(name));
            socket.attach(labels::accepted(&worker.shared.metrics, addr, server_name.as_deref()));
        }
    }

    /// Notes that a connection begins or ends.
    pub(super) fn touch(&self) {
        self.used.set(Instant::now());
    }

    /// The time since the last connection began or ended.
    pub(super) fn idle_for(&self) -> Duration {
        self.used.get().elapsed()
    }

    /// What is known of the destination; waits up to `patience` for the first answer. `None`: there was none.
    pub(super) async fn ready(&self, worker: &Worker, patience: Duration) -> Option<Rc<Stack>> {
        let mut target = self.changes();
        let answer = tokio::time::timeout(patience, target.wait_for(Option::is_some)).await;
        if !matches!(answer, Ok(Ok(_))) {
            return None;
        }
        self.current(worker)
    }

    /// The latest that is known. `None` before the first answer.
    pub(super) fn current(&self, worker: &Worker) -> Option<Rc<Stack>> {
        let mut target = self.target.borrow_mut();
        let known = self.stack.borrow().clone();
        if known.is_some() && !target.has_changed().unwrap_or(false) {
            return known;
        }
        let latest = target.borrow_and_update().clone()?;
        let stack = Rc::new(Stack::of(worker, &self.fixed, &self.place, &latest));
        *self.stack.borrow_mut() = Some(stack.clone());
        self.fixed.forget_unused();
        Some(stack)
    }

    /// Returns once policy forbids what `ask` asks of it.
    pub(super) async fn forbidden(&self, worker: &Worker, ask: impl Fn(&Stack) -> Result<(), ProxyError>) {
        let mut changes = self.changes();
        while changes.changed().await.is_ok() {
            let Some(stack) = self.current(worker) else { continue };
            if ask(&stack).is_err_and(|error| error.kind == ErrorKind::Unauthorized) {
                return;
            }
        }
        // The sender outlives its receivers; were it gone, nothing could change any more.
        std::future::pending().await
    }

    /// Follows what is known.
    fn changes(&self) -> watch::Receiver<Option<Target>> {
        self.target.borrow().clone()
    }
}

/// A name as requests write it.
pub(crate) fn authority_of(name: &NameAddr) -> Authority {
    let text = if name.port() == 80 { name.name().to_owned() } else { name.to_string() };
    text.parse().unwrap_or_else(|_| Authority::from_static("unknown"))
}

/// Backends of one endpoint, which outlive changes of a policy that still names them.
#[derive(Default)]
pub(super) struct Fixed(RefCell<Vec<(Arc<Endpoint>, Rc<Balancer>)>>);

impl Fixed {
    /// The backend of exactly this endpoint.
    pub(super) fn balancer(&self, worker: &Worker, endpoint: &Arc<Endpoint>) -> Rc<Balancer> {
        let mut all = self.0.borrow_mut();
        if let Some((_, balancer)) = all.iter().find(|(known, _)| known == endpoint) {
            return balancer.clone();
        }
        let name = Arc::from(endpoint.addr.to_string());
        let balancer = Balancer::fixed(worker, name, endpoint.clone());
        all.push((endpoint.clone(), balancer.clone()));
        balancer
    }

    fn forget_unused(&self) {
        self.0.borrow_mut().retain(|(_, balancer)| Rc::strong_count(balancer) > 1);
    }
}
