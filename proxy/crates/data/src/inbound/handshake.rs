//! The server side of a TLS handshake.

use hauberk_tls::stream::{self, Agreed};
use tokio::time::Instant;

use crate::counted::Counted;
use crate::inbound::refused::Refused;
use crate::worker::Worker;

/// Shakes hands with a client whose first bytes were read already. `direct`: it connected to the proxy's own port.
pub(super) async fn handshake(
    worker: &Worker,
    socket: Counted,
    received: &[u8],
    deadline: Instant,
    direct: bool,
) -> Result<Agreed<Counted>, Refused> {
    // Policy may give a program's first bytes any time, but not a handshake.
    let deadline = deadline.min(Instant::now() + worker.shared.config.inbound.detect_timeout);
    let config = worker.shared.tls.server_config(direct).ok_or(Refused::NoCertificate)?;
    match tokio::time::timeout_at(deadline, stream::accept(socket, received, config)).await {
        Ok(stream) => Ok(stream?),
        Err(_) => Err(Refused::HandshakeTimeout),
    }
}
