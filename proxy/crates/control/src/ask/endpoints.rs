//! The endpoints of a service.

use std::sync::Arc;
use std::time::SystemTime;

use hauberk_api::linkerd::destination::destination_client::DestinationClient;
use hauberk_api::linkerd::destination::{GetDestination, Update};
use hauberk_core::endpoint::Endpoints;
use tokio::sync::watch;
use tonic::transport::Channel;
use tonic::{Code, Status, Streaming};

use crate::follow::Question;
use crate::wire::{Read, endpoints};

/// `Destination.Get`.
pub(crate) struct Ask {
    path: Arc<str>,
    context: Arc<str>,
    /// What the current stream says. An older stream's last word may be newer, so this is not always shown.
    stream: Endpoints,
    shown: Arc<watch::Sender<Option<Arc<Endpoints>>>>,
}

impl Ask {
    pub(crate) fn new(path: Arc<str>, context: Arc<str>, shown: Arc<watch::Sender<Option<Arc<Endpoints>>>>) -> Self {
        Self { path, context, stream: Endpoints::default(), shown }
    }

    fn show(&self, new: Endpoints, now: SystemTime) {
        self.shown.send_if_modified(|shown| {
            let Some(old) = shown else {
                *shown = Some(Arc::new(Endpoints { since: Some(now), ..new }));
                return true;
            };
            let stale = match (&new.version, &old.version) {
                (Some(new), Some(old)) => new.is_older_than(old),
                _ => false,
            };
            if stale {
                return false;
            }
            let differs = endpoints::differ(old, &new);
            let turned = old.by_addr.is_empty() != new.by_addr.is_empty();
            *old = Arc::new(Endpoints { since: if turned { Some(now) } else { old.since }, ..new });
            differs
        });
    }
}

impl Question for Ask {
    type Message = Update;

    fn service(&self) -> &'static str {
        "destination"
    }

    async fn ask(&self, channel: Channel) -> Result<Streaming<Update>, Status> {
        let (path, context_token) = (self.path.to_string(), self.context.to_string());
        let request = GetDestination { scheme: "k8s".into(), path, context_token };
        Ok(DestinationClient::new(channel).get(request).await?.into_inner())
    }

    fn take(&mut self, update: Update, first: bool) -> Read<()> {
        self.stream = endpoints::apply(&self.stream, update, first)?;
        self.show(self.stream.clone(), SystemTime::now());
        Ok(())
    }

    fn refused(&mut self, status: &Status) {
        // A service of which nothing can be known has no endpoints; a server that lacks the call says nothing of it.
        if status.code() != Code::Unimplemented {
            self.show(Endpoints::default(), SystemTime::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use hauberk_core::endpoint::Endpoint;

    use super::*;

    fn endpoints(addrs: &[&str]) -> Endpoints {
        let outside = |addr: &&str| Arc::new(Endpoint::outside(addr.parse().unwrap()));
        let by_addr = addrs.iter().map(outside).map(|endpoint| (endpoint.addr, endpoint)).collect();
        Endpoints { by_addr, exists: true, ..Endpoints::default() }
    }

    #[test]
    fn it_is_known_since_when_there_are_endpoints_or_none() {
        let shown = Arc::new(watch::Sender::new(None));
        let ask = Ask::new("web:80".into(), "".into(), shown.clone());
        let since = |second: u64, addrs: &[&str]| {
            ask.show(endpoints(addrs), UNIX_EPOCH + Duration::from_secs(second));
            let since = shown.borrow().as_ref().unwrap().since.unwrap();
            since.duration_since(UNIX_EPOCH).unwrap().as_secs()
        };
        assert_eq!(since(1, &[]), 1);
        assert_eq!(since(2, &["10.0.0.1:80"]), 2);
        assert_eq!(since(3, &["10.0.0.1:80", "10.0.0.2:80"]), 2, "one more is no change of that");
        assert_eq!(since(4, &[]), 4);
        assert_eq!(since(5, &[]), 4);
    }
}
