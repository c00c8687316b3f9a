//! The policy of one port.

use std::sync::Arc;
use std::time::Instant;

use hauberk_api::linkerd::inbound::inbound_server_policies_client::InboundServerPoliciesClient;
use hauberk_api::linkerd::inbound::{PortSpec, Server};
use hauberk_core::inbound::ServerPolicy;
use hauberk_core::version::Version;
use tokio::sync::watch;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::is_stale;
use crate::follow::Question;
use crate::wire::{Read, inbound};

/// `InboundServerPolicies.WatchPort`.
pub(crate) struct Ask {
    port: u16,
    workload: Arc<str>,
    last: Option<Server>,
    version: Option<Version>,
    is_refused: bool,
    shown: Arc<watch::Sender<Arc<ServerPolicy>>>,
}

impl Ask {
    pub(crate) fn new(port: u16, workload: Arc<str>, shown: Arc<watch::Sender<Arc<ServerPolicy>>>) -> Self {
        Self { port, workload, last: None, version: None, is_refused: false, shown }
    }
}

impl Question for Ask {
    type Message = Server;

    fn service(&self) -> &'static str {
        "inbound-policy"
    }

    async fn ask(&self, channel: Channel) -> Result<Streaming<Server>, Status> {
        let request = PortSpec { workload: self.workload.to_string(), port: self.port.into() };
        Ok(InboundServerPoliciesClient::new(channel).watch_port(request).await?.into_inner())
    }

    fn take(&mut self, server: Server, _first: bool) -> Read<()> {
        let content = Server { version: None, ..server.clone() };
        let held = self.shown.borrow().rate_limits.clone();
        let policy = inbound::policy(server, held.as_deref(), Instant::now())?;
        if is_stale(&mut self.version, policy.version.as_ref()) || self.last.as_ref() == Some(&content) {
            return Ok(());
        }
        self.last = Some(content);
        self.shown.send_replace(Arc::new(policy));
        Ok(())
    }

    /// What was in force stays, or else the default: no answer never opens a port. Who waits for a first answer is told that
    /// there is none.
    fn refused(&mut self, _status: &Status) {
        if !std::mem::replace(&mut self.is_refused, true) && self.last.is_none() {
            self.shown.send_modify(|_| {});
        }
    }
}
