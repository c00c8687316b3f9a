//! The ways from a client to a program: through both proxies, through its own alone, through the program's alone.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use hauberk_data::config::Config;

use crate::support::program::Taken;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, endpoint, meshed};
use crate::support::talk::Talk;

pub(crate) const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
pub(crate) const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

/// The proxies of all ways, and the program in a test's hands.
pub(crate) struct Ways {
    pub(crate) program: Taken,
    pub(crate) table: Arc<Table>,
    pub(crate) inbound: Proxy,
    pub(crate) outbound: Proxy,
    /// Before the program like `inbound`, for clients outside the mesh.
    pub(crate) plain: Proxy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Both,
    Outbound,
    Inbound,
}

pub(crate) const ALL: [Way; 3] = [Way::Both, Way::Outbound, Way::Inbound];

impl Ways {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same as `change` wants the settings of every proxy.
    pub(crate) async fn with(change: impl Fn(&mut Config) + Copy) -> Self {
        let (authority, table, program) = (Authority::new(), Table::new(), Taken::start().await);
        let ip = Ipv4Addr::LOCALHOST.into();
        let inbound = Proxy::inbound_at(&authority, WEB, &table, ip, change).await;
        let outbound = Proxy::outbound_at(&authority, CLIENT, &table, ip, change).await;
        let plain = Proxy::inbound_at(&authority, WEB, &table, ip, change).await;
        plain.original.set(program.addr);
        Self { program, table, inbound, outbound, plain }
    }

    /// Where a client of this way connects; the last way that was asked for is open.
    pub(crate) fn through(&self, way: Way) -> SocketAddr {
        self.table.set_endpoints([match way {
            Way::Both => self.behind_its_proxy(self.program.addr),
            Way::Outbound | Way::Inbound => endpoint(self.program.addr),
        }]);
        match way {
            Way::Both | Way::Outbound => self.outbound.addr,
            Way::Inbound => self.plain.addr,
        }
    }

    /// An endpoint behind the inbound proxy.
    pub(crate) fn behind_its_proxy(&self, addr: SocketAddr) -> Endpoint {
        meshed(addr, self.inbound.addr.port(), WEB, ProtocolHint::Http2)
    }

    /// A client, connected.
    pub(crate) async fn client(&self, way: Way) -> Talk {
        Talk::to(self.through(way)).await
    }

    /// The program's end of the next connection to it.
    pub(crate) async fn served(&self) -> Talk {
        Talk::over(self.program.next().await)
    }
}
