//! Traffic to the program: who is it, may it, and on to the program's own port.

mod accept;
mod app;
mod direct;
mod http;
mod labels;
mod route;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_core::identity::ClientTls;
use hauberk_core::inbound::ServerPolicy;
use tokio::sync::watch;

use crate::worker::Worker;
pub(crate) use accept::accept;

/// What a worker keeps for its inbound side. Ports and programs are few: they are kept for good.
#[derive(Default)]
pub(crate) struct Inbound {
    ports: RefCell<HashMap<u16, watch::Receiver<Arc<ServerPolicy>>>>,
    apps: RefCell<HashMap<SocketAddr, Rc<app::App>>>,
}

/// The client of a connection, as far as it is known.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) addr: SocketAddr,
    pub(crate) tls: ClientTls,
}

/// Ports that a workload's peers can make this worker remember.
const PORTS_MAX: usize = 1024;

impl Inbound {
    /// The policy of a port, kept current.
    pub(crate) fn policy(&self, worker: &Worker, port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        let mut ports = self.ports.borrow_mut();
        if let Some(policy) = ports.get(&port) {
            return policy.clone();
        }
        let policy = worker.shared.discover.inbound(port);
        if ports.len() < PORTS_MAX {
            ports.insert(port, policy.clone());
        }
        policy
    }

    /// The program at an address of the workload, or the one target of a front proxy.
    pub(crate) fn app(&self, worker: &Worker, addr: SocketAddr) -> Rc<app::App> {
        let mut apps = self.apps.borrow_mut();
        if let Some(app) = apps.get(&addr) {
            return app.clone();
        }
        let app = Rc::new(app::App::new(&worker.shared, addr));
        if apps.len() < PORTS_MAX {
            apps.insert(addr, app.clone());
        }
        app
    }
}
