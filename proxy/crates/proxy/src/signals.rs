//! What tells the proxy to end.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// Returns when SIGTERM or SIGINT arrives, or the admin endpoint asks for it; with the reason.
pub(crate) async fn end_wanted(asked: Arc<Notify>) -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
        () = asked.notified() => "/shutdown",
    })
}
