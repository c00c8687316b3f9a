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

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    /// Whether a client of this server need not be silent for a moment first.
    fn is_spared(greeters: &Greeters<&str>, server: &'static str) -> bool {
        let waiting = pin!(greeters.wait_for_client(&server));
        waiting.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn a_greeting_spares_the_clients_of_this_server_the_moment() {
        let greeters = Greeters::default();
        assert!(!is_spared(&greeters, "db"));
        greeters.learn("db");
        assert!(is_spared(&greeters, "db") && !is_spared(&greeters, "web"));
        greeters.unlearn(&"db");
        assert!(!is_spared(&greeters, "db"));
    }

    #[test]
    fn a_greeting_is_remembered_for_ten_minutes() {
        let (greeters, minute, now) = (Greeters::default(), Duration::from_secs(60), Instant::now());
        greeters.0.note("db", now);
        assert!(greeters.0.has(&"db", now + 9 * minute) && !greeters.0.has(&"db", now + 10 * minute));
    }
}
