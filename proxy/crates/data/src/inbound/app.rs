//! The program itself: how its port is reached.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hauberk_core::endpoint::Http2Params;
use hauberk_net::listen::KeepAlive;

use crate::config::Front;
use crate::connect::{Connector, Peer};
use crate::http::pool::Pool;
use crate::http::shared::Shared;
use crate::inbound::labels;
use crate::worker;

/// One port of the program, with the connections to it.
pub(crate) struct App {
    pub(crate) connector: Connector,
    pub(crate) http1: Rc<Pool>,
    pub(crate) http2: Shared,
}

/// Pings on loopback tell nothing that a closed socket does not.
const NO_PINGS: Duration = Duration::from_secs(3600);

impl App {
    /// The program behind `addr`, or behind the configured front target.
    pub(crate) fn new(shared: &worker::Shared, addr: SocketAddr) -> Self {
        let config = &shared.config.inbound;
        let peer = match &config.front {
            None => Peer::Plain(addr),
            Some(Front::Tcp(target)) => Peer::Plain(*target),
            Some(Front::Unix(path)) => Peer::Unix(path.as_path().into()),
        };
        let metrics = shared.metrics.transport(&labels::app(addr));
        let keep_alive: KeepAlive = config.connect_keep_alive;
        let connector = Connector::new(peer, config.connect_timeout, keep_alive, shared.tls.clone(), metrics);
        let params = Http2Params { keep_alive_interval: Some(NO_PINGS), ..Http2Params::default() };
        Self { connector, http1: Pool::new(config.idle_max, config.idle_timeout), http2: Shared::new(params) }
    }
}
