//! Traffic of the program: where does it want to go, which endpoint takes it, and on over the mesh.

mod accept;
mod destination;
mod failure;
mod filter;
mod http;
mod ingress;
pub(crate) mod labels;
mod limits;
mod opaque;
mod reading;
mod response;
mod rule;
mod send;
mod stack;
pub(crate) mod trial;
mod tries;
mod tunnel;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use hauberk_core::balance::Weighing;
use hauberk_core::name::NameAddr;

use crate::balance::Balancer;
use crate::greeters::Greeters;
use crate::server_names::ServerNames;
use crate::turns::Turns;
use crate::worker::Worker;
pub(crate) use accept::{accept, carry, serve_within};
use destination::Place;
pub(crate) use destination::{Destination, authority_of};
use opaque::Server;

/// What a worker keeps for its outbound side. Destinations that nobody uses are dropped after a while; a balancer lives as
/// long as a destination uses it.
#[derive(Default)]
pub(crate) struct Outbound {
    destinations: RefCell<HashMap<Place, Rc<Destination>>>,
    balancers: RefCell<HashMap<Arc<str>, Weak<Balancer>>>,
    greeters: Greeters<Server>,
    turns: Turns,
    server_names: ServerNames,
}

/// Destinations that a program can make this worker remember at once.
const DESTINATIONS_MAX: usize = 10_000;

impl Outbound {
    /// What is known of the destination that the program dialled, kept current while it is in use.
    pub(crate) fn destination(&self, worker: &Rc<Worker>, addr: SocketAddr) -> Rc<Destination> {
        self.at(worker, Place::Addr(addr))
    }

    /// The same for a destination that has a name.
    pub(crate) fn destination_by_name(&self, worker: &Rc<Worker>, name: &NameAddr) -> Rc<Destination> {
        self.at(worker, Place::Name(name.clone()))
    }

    fn at(&self, worker: &Rc<Worker>, place: Place) -> Rc<Destination> {
        let mut destinations = self.destinations.borrow_mut();
        if let Some(destination) = destinations.get(&place) {
            return destination.clone();
        }
        let destination = Rc::new(Destination::new(worker, place.clone()));
        if destinations.len() < DESTINATIONS_MAX {
            destinations.insert(place.clone(), destination.clone());
            tokio::task::spawn_local(evict(worker.clone(), place));
        }
        destination
    }

    /// The balancer of a service; one for all destinations that lead there. The latest word on how to weigh holds.
    pub(crate) fn balancer(&self, worker: &Worker, path: &Arc<str>, weighing: Weighing) -> Rc<Balancer> {
        let mut balancers = self.balancers.borrow_mut();
        if let Some(balancer) = balancers.get(path).and_then(Weak::upgrade) {
            balancer.weigh(weighing);
            return balancer;
        }
        balancers.retain(|_, balancer| balancer.strong_count() > 0);
        let balancer = Balancer::watched(worker, path.clone(), weighing);
        balancers.insert(path.clone(), Rc::downgrade(&balancer));
        balancer
    }
}

/// Forgets a destination once nothing used it for the configured time.
async fn evict(worker: Rc<Worker>, place: Place) {
    let idle = worker.shared.config.outbound.discovery_idle;
    loop {
        tokio::time::sleep(idle).await;
        let mut destinations = worker.outbound.destinations.borrow_mut();
        let Some(destination) = destinations.get(&place) else { return };
        if Rc::strong_count(destination) == 1 && destination.idle_for() >= idle {
            destinations.remove(&place);
            return;
        }
    }
}
