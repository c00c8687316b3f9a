//! A small mesh: workloads, programs, and what the control plane would say.

pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod endings;
pub(crate) mod exchange;
pub(crate) mod frames;
pub(crate) mod member;
pub(crate) mod nobody;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod script;
pub(crate) mod sender;
pub(crate) mod table;
pub(crate) mod talk;
pub(crate) mod ways;
pub(crate) mod workers;

use std::future::Future;
use std::time::Duration;

use tokio::task::LocalSet;

/// More than any test needs; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test on one thread, as a worker does.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        tokio::time::timeout(PATIENCE, test).await.expect("the test hangs");
    });
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
