//! The addresses of a service by its name: of its instances where the name has such records (SRV, as headless Services
//! have), else the name's own.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hauberk_metrics::resolutions::{Resolutions, Resolved};
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::backoff::random;
use crate::srv::{self, NoInstances};

/// How long the records of instances may take. The name's own addresses are looked up at the same time, so that a name
/// without them waits no longer than this.
const PATIENCE: Duration = Duration::from_millis(500);

/// Looks up names for one client.
#[derive(Clone)]
pub(crate) struct Resolver {
    client: &'static str,
    counts: Arc<Resolutions>,
}

impl Resolver {
    /// `client` is what its questions are counted by.
    pub(crate) fn new(client: &'static str, counts: Arc<Resolutions>) -> Self {
        Self { client, counts }
    }

    /// The addresses of `host`, best first; those of the name itself with `port`.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Ok(vec![(ip, port).into()]);
        }
        if host.trim_end_matches('.').eq_ignore_ascii_case("localhost") {
            return Ok(lookup_host((host, port)).await?.collect());
        }
        let mut named = pin!(self.named(host, port));
        let mut instances = pin!(self.instances(host));
        tokio::select! {
            biased;
            found = &mut instances => match found {
                Some(found) => Ok(of_port(found, port)),
                None => named.await,
            },
            named = &mut named => match instances.await {
                Some(found) => Ok(of_port(found, port)),
                None => named,
            },
        }
    }

    async fn instances(&self, host: &str) -> Option<Vec<SocketAddr>> {
        let (result, found) = match timeout(PATIENCE, srv::instances(host)).await {
            Ok(Ok(found)) => (Resolved::Found, Some(found)),
            Ok(Err(NoInstances::NoRecords)) => (Resolved::NotFound, None),
            Ok(Err(NoInstances::Unusable(why))) => {
                tracing::debug!(host, why, "the instances of a service cannot be told; taking the name's own address");
                (Resolved::Failed, None)
            }
            Err(_) => (Resolved::TimedOut, None),
        };
        self.counts.count(self.client, "srv", result);
        found
    }

    async fn named(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut found = lookup_host((host, port)).await.map(Iterator::collect::<Vec<_>>);
        if let Ok(found) = &mut found {
            // The system sorts them alike on every machine: all proxies would go to the same instance.
            found.sort_by_cached_key(|_| random());
        }
        let result = |of: fn(&SocketAddr) -> bool| match &found {
            Ok(found) if found.iter().any(of) => Resolved::Found,
            Ok(_) => Resolved::NotFound,
            Err(_) => Resolved::Failed,
        };
        self.counts.count(self.client, "a", result(SocketAddr::is_ipv4));
        self.counts.count(self.client, "aaaa", result(SocketAddr::is_ipv6));
        found
    }
}

/// A name has records for all ports of its instances; where one is that of the question, the others are other services'.
fn of_port(instances: Vec<SocketAddr>, port: u16) -> Vec<SocketAddr> {
    let (those, others): (Vec<_>, Vec<_>) = instances.into_iter().partition(|instance| instance.port() == port);
    if those.is_empty() { others } else { those }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_asked_at_the_port_of_the_question_or_where_there_is_none_at_their_own() {
        let all: Vec<SocketAddr> =
            ["10.0.0.1:8086", "10.0.0.1:9990", "10.0.0.2:8086"].map(|addr| addr.parse().unwrap()).to_vec();
        assert_eq!(of_port(all.clone(), 8086), [all[0], all[2]]);
        assert_eq!(of_port(all.clone(), 8090), all);
    }
}
