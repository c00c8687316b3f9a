//! One destination that the program dialled, with the latest that is known of it.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hauberk_core::endpoint::Endpoint;
use hauberk_core::outbound::Target;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::balance::Balancer;
use crate::http::error::{ErrorKind, ProxyError};
use crate::outbound::stack::Stack;
use crate::worker::Worker;

/// A destination. What a request needs of its policy is computed once for each version of it.
pub(crate) struct Destination {
    addr: SocketAddr,
    target: RefCell<watch::Receiver<Option<Target>>>,
    stack: RefCell<Option<Rc<Stack>>>,
    fixed: Fixed,
    used: Cell<Instant>,
}

impl Destination {
    /// Asks for a destination; the answer may take its time.
    pub(super) fn new(worker: &Worker, addr: SocketAddr) -> Self {
        Self {
            addr,
            target: RefCell::new(worker.shared.discover.outbound(addr)),
            stack: RefCell::default(),
            fixed: Fixed::default(),
            used: Cell::new(Instant::now()),
        }
    }

    /// The address that the program dialled.
    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
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
        let stack = Rc::new(Stack::of(worker, &self.fixed, self.addr, &latest));
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
