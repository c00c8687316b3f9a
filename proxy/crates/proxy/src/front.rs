//! What a front proxy knows: its one port takes everybody. Who they are is told to the server behind, which decides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hauberk_core::discover::Discover;
use hauberk_core::endpoint::Endpoints;
use hauberk_core::inbound::{Authentication, Authorization, Cidr, Network, Protocol, ServerPolicy};
use hauberk_core::meta::Meta;
use hauberk_core::name::NameAddr;
use hauberk_core::outbound::Target;
use tokio::sync::watch;

/// Answers without a control plane: the front proxy stands before it.
pub(crate) struct Front {
    // Kept so that no answer ever ends.
    inbound: watch::Sender<Arc<ServerPolicy>>,
    outbound: watch::Sender<Option<Target>>,
    endpoints: watch::Sender<Option<Arc<Endpoints>>>,
}

impl Front {
    pub(crate) fn new() -> Self {
        let everywhere = |addr| Network { net: Cidr { addr, prefix: 0 }, except: Vec::new() };
        let meta = Arc::new(Meta::Default(Arc::from("front")));
        let policy = ServerPolicy {
            meta: meta.clone(),
            protocol: Protocol::Http2(Arc::from([])),
            authorizations: Arc::from([Arc::new(Authorization {
                meta,
                networks: vec![
                    everywhere(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
                    everywhere(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
                ],
                authentication: Authentication::Unauthenticated,
            })]),
            rate_limits: None,
            version: None,
        };
        Self {
            inbound: watch::Sender::new(Arc::new(policy)),
            outbound: watch::Sender::new(Some(Target::Refused(Arc::from("a front proxy carries no outbound traffic")))),
            endpoints: watch::Sender::new(None),
        }
    }
}

impl Discover for Front {
    fn outbound(&self, _addr: SocketAddr) -> watch::Receiver<Option<Target>> {
        self.outbound.subscribe()
    }

    fn named(&self, _name: &NameAddr) -> watch::Receiver<Option<Target>> {
        self.outbound.subscribe()
    }

    fn endpoints(&self, _path: &str) -> watch::Receiver<Option<Arc<Endpoints>>> {
        self.endpoints.subscribe()
    }

    fn inbound(&self, _port: u16) -> watch::Receiver<Arc<ServerPolicy>> {
        self.inbound.subscribe()
    }
}
