//! Traffic to the program: who is it, may it, and on to the program's own port.

mod accept;
mod app;
mod changes;
mod decide;
mod direct;
mod exchange;
mod find_out;
mod gateway;
mod handshake;
mod http;
mod known;
mod labels;
mod pass;
mod refused;
mod route;
mod send;
mod silence;
mod tunnel;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use hauberk_core::name::NameAddr;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::greeters::Greeters;
use crate::server_names::ServerNames;
use crate::worker::Worker;
pub(crate) use accept::accept;

/// What a worker keeps for its inbound side. A peer chooses the port that it connects to, so what nobody asked for in a
/// while is forgotten.
#[derive(Default)]
pub(crate) struct Inbound {
    ports: RefCell<HashMap<u16, Kept<watch::Receiver<Arc<ServerPolicy>>>>>,
    apps: RefCell<HashMap<SocketAddr, Kept<Rc<app::App>>>>,
    gateways: RefCell<HashMap<NameAddr, Kept<Rc<app::App>>>>,
    sweeping: Cell<bool>,
    greeters: Greeters<SocketAddr>,
    server_names: ServerNames,
}

/// Something with the time when it was last asked for.
struct Kept<T> {
    what: T,
    used: Instant,
}

/// The client of a connection, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) addr: SocketAddr,
    pub(crate) tls: ClientTls,
    /// The program's own TLS, by the label of the name that the client asks for; empty if it asks for none.
    pub(crate) own_tls: Option<Arc<str>>,
}

/// Ports that a workload's peers can make this worker remember.
const PORTS_MAX: usize = 1024;

impl Inbound {
    /// The policy of a port, kept current.
    pub(crate) fn policy(&self, worker: &Rc<Worker>, port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        let mut ports = self.ports.borrow_mut();
        self.keep(worker, &mut ports, port, || worker.shared.discover.inbound(port))
    }

    /// The program at an address of the workload, or the one target of a front proxy.
    pub(crate) fn app(&self, worker: &Rc<Worker>, addr: SocketAddr) -> Rc<app::App> {
        let mut apps = self.apps.borrow_mut();
        self.keep(worker, &mut apps, addr, || Rc::new(app::App::new(&worker.shared, addr)))
    }

    /// The outbound side in the place of a program, for what this gateway takes for `name`.
    pub(crate) fn gateway(
        &self,
        worker: &Rc<Worker>,
        name: &NameAddr,
        make: impl FnOnce() -> app::App,
    ) -> Rc<app::App> {
        let mut gateways = self.gateways.borrow_mut();
        self.keep(worker, &mut gateways, name.clone(), || Rc::new(make()))
    }

    fn keep<K: Eq + Hash, T: Clone>(
        &self,
        worker: &Rc<Worker>,
        all: &mut HashMap<K, Kept<T>>,
        key: K,
        make: impl FnOnce() -> T,
    ) -> T {
        let used = Instant::now();
        if let Some(kept) = all.get_mut(&key) {
            kept.used = used;
            return kept.what.clone();
        }
        let what = make();
        if all.len() < PORTS_MAX {
            all.insert(key, Kept { what: what.clone(), used });
            if !self.sweeping.replace(true) {
                tokio::task::spawn_local(sweep(worker.clone()));
            }
        }
        what
    }
}

/// Forgets what nobody asked for, and no connection uses, for the configured time; ends when nothing is left.
async fn sweep(worker: Rc<Worker>) {
    let idle = worker.shared.config.inbound.discovery_idle;
    loop {
        tokio::time::sleep(idle).await;
        let Inbound { ports, apps, gateways, sweeping, .. } = &worker.inbound;
        let (mut ports, mut apps, mut gateways) = (ports.borrow_mut(), apps.borrow_mut(), gateways.borrow_mut());
        ports.retain(|_, kept| kept.used.elapsed() < idle);
        apps.retain(|_, kept| kept.used.elapsed() < idle || Rc::strong_count(&kept.what) > 1);
        gateways.retain(|_, kept| kept.used.elapsed() < idle || Rc::strong_count(&kept.what) > 1);
        if ports.is_empty() && apps.is_empty() && gateways.is_empty() {
            sweeping.set(false);
            return;
        }
    }
}
