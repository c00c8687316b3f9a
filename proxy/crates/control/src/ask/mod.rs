//! The questions: each puts one request and turns what comes back into the current answer.

pub(crate) mod answers;
pub(crate) mod endpoints;
pub(crate) mod inbound;
pub(crate) mod outbound;
pub(crate) mod view;

use std::fmt;
use std::net::SocketAddr;

use hauberk_api::linkerd::outbound::traffic_spec;
use hauberk_core::name::NameAddr;
use hauberk_core::version::Version;

use crate::wire::net;

/// A destination that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Destination {
    /// As the program dialled it.
    Addr(SocketAddr),
    /// As a peer or a header named it.
    Name(NameAddr),
}

impl Destination {
    /// As the policy service takes it.
    fn target(&self) -> traffic_spec::Target {
        match self {
            Destination::Addr(addr) => traffic_spec::Target::Addr(net::tcp_address(*addr)),
            Destination::Name(name) => traffic_spec::Target::Authority(name.to_string()),
        }
    }
}

/// As the destination service takes it.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Addr(addr) => addr.fmt(f),
            Destination::Name(name) => name.fmt(f),
        }
    }
}

/// Whether an answer is older than what was shown already, as one from a lagging replica may be. If not, it is noted; one
/// without a version says nothing of those behind it.
fn is_stale(shown: &mut Option<Version>, new: Option<&Version>) -> bool {
    let Some(new) = new else { return false };
    let stale = shown.as_ref().is_some_and(|shown| new.is_older_than(shown));
    if !stale {
        *shown = Some(new.clone());
    }
    stale
}
