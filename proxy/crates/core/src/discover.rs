//! The questions that `data` asks. `control` answers them from the control plane, tests from a table.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;

use crate::endpoint::Endpoints;
use crate::inbound::ServerPolicy;
use crate::name::NameAddr;
use crate::outbound::Target;

/// Answers that are kept current: the latest value wins, `None` until the first answer is there.
///
/// Dropping all receivers of an answer ends the watch behind it. While the control plane is away the last
/// good value stays; the sender is never dropped before its receivers.
pub trait Discover: Send + Sync + 'static {
    /// What is known of a destination that the program dialled.
    fn outbound(&self, addr: SocketAddr) -> watch::Receiver<Option<Target>>;

    /// The same for a destination that has a name instead of an address: what a gateway is asked for, and what an ingress
    /// puts in `l5d-dst-override`. `Target::Unknown` is then no destination at all.
    fn named(&self, name: &NameAddr) -> watch::Receiver<Option<Target>>;

    /// The endpoints of a service, by `name:port`.
    fn endpoints(&self, path: &str) -> watch::Receiver<Option<Arc<Endpoints>>>;

    /// The policy of a port of this workload. Never `None` for longer than the configured default policy allows:
    /// without an answer the default of the environment is in force.
    fn inbound(&self, port: u16) -> watch::Receiver<Arc<ServerPolicy>>;
}
