//! The endpoints of a service.

use std::sync::Arc;

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

    fn show(&self, new: Endpoints) {
        self.shown.send_if_modified(|shown| {
            let Some(old) = shown else {
                *shown = Some(Arc::new(new));
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
            *old = Arc::new(new);
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
        self.show(self.stream.clone());
        Ok(())
    }

    fn refused(&mut self, status: &Status) {
        // A service of which nothing can be known has no endpoints; a server that lacks the call says nothing of it.
        if status.code() != Code::Unimplemented {
            self.show(Endpoints::default());
        }
    }
}
