//! Servers that are known to speak first.

use std::hash::Hash;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::recent::Recent;

/// How long a client may be silent before its server is dialled: longer than most programs take between connecting and
/// writing, so that those who speak first cost no second connection.
const MOMENT: Duration = Duration::from_millis(10);
/// How long what was learned about a server shortens that to nothing.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Servers that a worker remembers.
const REMEMBERED_MAX: usize = 1024;

/// The servers that were the first to speak. That they did before proves nothing of the next connection: it only spares its
/// client the moment.
pub(crate) struct Greeters<K>(Recent<K>);

impl<K> Default for Greeters<K>
where
    K: Eq + Hash,
{
    fn default() -> Self {
        Self(Recent::new(REMEMBERED_MAX, REMEMBERED))
    }
}

impl<K: Eq + Hash> Greeters<K> {
    /// Whether the server lately spoke first.
    pub(crate) fn know(&self, server: &K) -> bool {
        self.0.has(server, Instant::now())
    }

    /// Waits as long as a client of this server may be silent.
    pub(crate) async fn wait_for_client(&self, server: &K) {
        if !self.know(server) {
            sleep(MOMENT).await;
        }
    }

    /// The server spoke first.
    pub(crate) fn learn(&self, server: K) {
        self.0.note(server, Instant::now());
    }

    /// A client of the server spoke first.
    pub(crate) fn unlearn(&self, server: &K) {
        self.0.forget(server);
    }
}
