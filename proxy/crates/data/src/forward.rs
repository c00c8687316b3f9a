//! Bytes that nobody reads: a client's connection joined to a server's.

use hauberk_core::budget::Budget;
use hauberk_net::copy::{self, End};
use tokio::sync::watch;

use crate::connect::{ConnectError, Connector};
use crate::stream::Stream;

/// Connects to the server and copies both ways until both ended. `room`: for buffers.
pub(crate) async fn forward(client: Stream, connector: &Connector, room: &Budget) -> Result<(), ForwardError> {
    let server = Box::pin(connector.connect()).await?; // which takes more room than what comes after it
    join(client, server, room).await
}

/// Copies both ways until both ended. The failure of one side is one for the other as well: what ends in good order may be
/// taken for whole.
///
/// A block and no `async fn`, which would hold its arguments twice.
#[allow(clippy::manual_async_fn)]
pub(crate) fn join(
    mut client: Stream,
    mut server: Stream,
    room: &Budget,
) -> impl Future<Output = Result<(), ForwardError>> {
    async move {
        match copy::both(&mut client, &mut server, room).await {
            End::Clean => Ok(()),
            End::Client(error) => {
                server.abort();
                Err(ForwardError::Client(error))
            }
            End::Server(error) => {
                client.abort();
                Err(ForwardError::Server(error))
            }
        }
    }
}

/// Waits until `allowed` no longer holds for the latest value.
pub(crate) async fn until_revoked<T: Clone>(mut policy: watch::Receiver<T>, allowed: impl Fn(&T) -> bool) {
    // The sender outlives its receivers; were it gone, nothing could be revoked any more.
    if policy.wait_for(|policy| !allowed(policy)).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How a forwarded connection ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    /// The server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It goes on to another side of this proxy, which failed.
    #[error("{0}")]
    Elsewhere(String),
    /// Policy changed: the client may no longer talk to the server.
    #[error("no longer authorized")]
    Revoked,
    /// The client's connection failed.
    #[error("the client's connection failed: {0}")]
    Client(std::io::Error),
    /// The server's connection failed.
    #[error("the server's connection failed: {0}")]
    Server(std::io::Error),
}
