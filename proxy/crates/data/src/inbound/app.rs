//! The program itself: how its port is reached.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use hauberk_metrics::edge::TransportMetrics;
use hauberk_net::listen::KeepAlive;

use crate::config::{Front, Http2Client};
use crate::connect::{Connector, Peer, Within};
use crate::http::Shared;
use crate::http::pool::Pool;
use crate::inbound::labels;
use crate::worker;

/// One port of the program, with the connections to it.
pub(crate) struct App {
    pub(crate) connector: Connector,
    pub(crate) http1: Rc<Pool>,
    pub(crate) http2: Shared,
}

impl App {
    /// The program behind `addr`, or behind the configured front target.
    pub(crate) fn new(shared: &worker::Shared, addr: SocketAddr) -> Self {
        let config = &shared.config.inbound;
        let peer = match &config.front {
            None => Peer::Plain(addr),
            Some(Front::Tcp(target)) => Peer::Plain(*target),
            Some(Front::Unix(path)) => Peer::Unix(path.as_path().into()),
        };
        Self::at(shared, peer, shared.metrics.transport(&labels::app(addr)))
    }

    /// The other side of this proxy in the place of a program. What passes within the proxy is no transport to count.
    pub(crate) fn within(shared: &worker::Shared, within: Within) -> Self {
        Self::at(shared, Peer::Within(within), Arc::default())
    }

    fn at(shared: &worker::Shared, peer: Peer, metrics: Arc<TransportMetrics>) -> Self {
        let config = &shared.config.inbound;
        let keep_alive: KeepAlive = config.connect_keep_alive;
        let places = shared.common.program(&peer, config.idle_max);
        let connector = Connector::new(peer, config.connect_timeout, keep_alive, shared.tls.clone(), metrics);
        // Pings on loopback tell nothing that a closed socket does not.
        let http2 = Http2Client { keep_alive_interval: None, ..config.http.client };
        Self {
            connector,
            http1: Pool::new(&places, config.idle_timeout, &shared.budgets.held),
            http2: Shared::new(http2, &shared.budgets.buffers),
        }
    }
}
