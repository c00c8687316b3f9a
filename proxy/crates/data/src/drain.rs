//! The end of service, in order: first traffic to the program, then traffic of the program, which what is in flight may
//! still need. No new connections, what is in flight finishes.

use std::time::Duration;

use tokio::sync::watch;

use crate::accept::Side;
use crate::budgets::Budgets;

/// How often is looked whether the last connection is gone.
const INTERVAL: Duration = Duration::from_millis(20);

/// What has begun to drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    None,
    Inbound,
    All,
}

/// Is told when draining begins; of the inbound side, unless `of` says otherwise.
#[derive(Clone, Debug)]
pub struct Drain {
    stage: watch::Receiver<Stage>,
    begins_at: Stage,
}

/// Begins draining; dropping it does so as well.
#[derive(Debug)]
pub struct DrainSignal(watch::Sender<Stage>);

/// A signal and its receiver.
pub fn channel() -> (DrainSignal, Drain) {
    let (tx, rx) = watch::channel(Stage::None);
    (DrainSignal(tx), Drain { stage: rx, begins_at: Stage::Inbound })
}

impl DrainSignal {
    /// Begins draining both sides.
    pub fn begin(&self) {
        self.0.send_replace(Stage::All);
    }

    /// Begins draining the inbound side, and the outbound side once no connection to the program is left: until then it may
    /// have to call others to answer. Returns then.
    pub async fn begin_in_order(&self, budgets: &Budgets) {
        self.0.send_replace(Stage::Inbound);
        while budgets.inbound.connections.taken() > 0 {
            tokio::time::sleep(INTERVAL).await;
        }
        self.begin();
    }
}

impl Drain {
    /// The same for one side.
    #[must_use]
    pub fn of(&self, side: Side) -> Self {
        let begins_at = match side {
            Side::Inbound => Stage::Inbound,
            Side::Outbound => Stage::All,
        };
        Self { stage: self.stage.clone(), begins_at }
    }

    /// Returns once draining has begun.
    pub async fn begun(&mut self) {
        let begins_at = self.begins_at;
        // An error means that the signal itself is gone: the process ends.
        let _ = self.stage.wait_for(|stage| *stage >= begins_at).await;
    }

    /// Returns once a side takes no more connections. The program may begin new ones for as long as there are any: those who
    /// have some are not done.
    pub(crate) async fn closes(self, side: Side, budgets: &Budgets) {
        self.of(side).begun().await;
        let open = || budgets.inbound.connections.taken() + budgets.outbound.connections.taken();
        while side == Side::Outbound && open() > 0 {
            tokio::time::sleep(INTERVAL).await;
        }
    }
}
