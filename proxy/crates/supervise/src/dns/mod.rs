//! Names inside the namespace: the cluster's from the last good view of Services, all others from the host's servers.

mod answer;
mod follow;
pub(crate) mod resolv;
mod server;
mod upstream;
mod view;

pub use answer::{Outcome, Transport, Zone, answer};
pub(crate) use follow::follow;
pub(crate) use server::Server;
#[cfg(feature = "fuzzing")]
pub use upstream::relayed;
pub use view::View;
