//! What the workers have in common of each place that they send to, so that its limits are exact whichever of them sends.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use hauberk_core::budget::Budget;
use hauberk_core::endpoint::Endpoint;
use hauberk_core::keyed::Keyed;
use hauberk_core::weak_map::WeakMap;

use crate::circuit::SharedCircuit;
use crate::connect::Peer;

/// The places of a proxy, each for as long as a worker sends there.
#[derive(Debug, Default)]
pub struct Common {
    endpoints: WeakMap<Member, AtEndpoint>,
    programs: Keyed<Box<str>>,
    queues: Keyed<Arc<str>>,
}

/// What is common of one endpoint of one backend.
#[derive(Debug)]
pub(crate) struct AtEndpoint {
    pub(crate) circuit: SharedCircuit,
    /// Places of idle connections.
    pub(crate) idle: Budget,
}

/// An endpoint of a backend. At the same address another one may come, of which nothing is known yet.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    backend: Arc<str>,
    endpoint: Arc<Endpoint>,
}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.backend.hash(state);
        self.endpoint.addr.hash(state);
    }
}

impl Common {
    /// Of an endpoint to which at most `idle_max` connections are kept.
    pub(crate) fn endpoint(&self, backend: &Arc<str>, endpoint: &Arc<Endpoint>, idle_max: usize) -> Arc<AtEndpoint> {
        let member = Member { backend: backend.clone(), endpoint: endpoint.clone() };
        self.endpoints.get(member, || AtEndpoint { circuit: SharedCircuit::default(), idle: Budget::new(idle_max) })
    }

    /// Of a program to which at most `idle_max` connections are kept: their places.
    pub(crate) fn program(&self, peer: &Peer, idle_max: usize) -> Budget {
        self.programs.get(peer.to_string().into(), idle_max)
    }

    /// Of a backend for whose endpoints at most `max` wait: their places.
    pub(crate) fn queue(&self, backend: &Arc<str>, max: usize) -> Budget {
        self.queues.get(backend.clone(), max)
    }
}
