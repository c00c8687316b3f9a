//! The end of service: no new connections, what is in flight finishes.

use tokio::sync::watch;

/// Is told when draining begins.
#[derive(Clone, Debug)]
pub struct Drain(watch::Receiver<bool>);

/// Begins draining; dropping it does so as well.
#[derive(Debug)]
pub struct DrainSignal(watch::Sender<bool>);

/// A signal and its receiver.
pub fn channel() -> (DrainSignal, Drain) {
    let (tx, rx) = watch::channel(false);
    (DrainSignal(tx), Drain(rx))
}

impl DrainSignal {
    /// Begins draining.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }
}

impl Drain {
    /// Returns once draining has begun.
    pub async fn begun(&mut self) {
        // An error means that the signal itself is gone: the process ends.
        let _ = self.0.wait_for(|begun| *begun).await;
    }
}
