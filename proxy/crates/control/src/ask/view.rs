//! How fresh the views are.

use std::sync::Arc;
use std::time::Duration;

use hauberk_api::view::views_client::ViewsClient;
use hauberk_api::view::{ConfirmRequest, Confirmation};
use hauberk_metrics::control::ControlMetrics;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use crate::capabilities::CAPABILITIES;
use crate::follow::Question;
use crate::wire::{Read, meta};

/// Confirmations that may be missed before the stream is taken for dead, and the shortest time for that.
const MISSED_MAX: u32 = 3;
const PATIENCE_MIN: Duration = Duration::from_secs(3);

/// `Views.Confirm`.
pub(crate) struct Ask {
    workload: Arc<str>,
    interval: Option<Duration>,
    metrics: Arc<ControlMetrics>,
}

impl Ask {
    pub(crate) fn new(workload: Arc<str>, metrics: Arc<ControlMetrics>) -> Self {
        Self { workload, interval: None, metrics }
    }
}

impl Question for Ask {
    type Message = Confirmation;

    fn service(&self) -> &'static str {
        "views"
    }

    async fn ask(&self, channel: Channel) -> Result<Streaming<Confirmation>, Status> {
        let capabilities = CAPABILITIES.map(str::to_owned).to_vec();
        let request = ConfirmRequest { workload: self.workload.to_string(), capabilities };
        Ok(ViewsClient::new(channel).confirm(request).await?.into_inner())
    }

    fn take(&mut self, confirmation: Confirmation, _first: bool) -> Read<()> {
        let version = meta::version(confirmation.version)?;
        self.interval = Some(Duration::from_millis(confirmation.interval_ms.into())).filter(|i| !i.is_zero());
        if let Some(version) = version {
            self.metrics.view_confirmed(version.revision, std::time::Instant::now());
        }
        Ok(())
    }

    /// Another make of control plane confirms nothing; the age of the view is unknown then.
    fn refused(&mut self, _status: &Status) {}

    fn idle(&self) -> Option<Duration> {
        self.interval.map(|interval| (interval * MISSED_MAX).max(PATIENCE_MIN))
    }
}
