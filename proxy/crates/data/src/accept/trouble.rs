//! What to do when the kernel gives no connection (accept(2)).

use std::io::{Error, ErrorKind};
use std::time::{Duration, Instant};

use super::Side;
use super::seldom::Seldom;

/// Long enough not to spin, short enough to be back at once when there is room again.
const PAUSE: Duration = Duration::from_millis(50);

/// Remembers when it last said that something is wrong.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    warning: Seldom,
}

impl Trouble {
    /// How long to wait before the next try; `None`: the error took a connection with it, so the next one may be fine.
    pub(super) fn met(&mut self, side: Side, error: &Error, now: Instant) -> Option<Duration> {
        if is_of_one_connection(error.kind()) {
            tracing::debug!(?side, %error, "a connection was gone before it was accepted");
            return None;
        }
        // Memory is short, or descriptors and those that were kept back. The connection stays in the kernel's queue.
        if let Some(unsaid) = self.warning.due(now) {
            tracing::warn!(?side, %error, unsaid, "cannot accept connections for now; if files are short, raise their limit");
        }
        Some(PAUSE)
    }
}

/// Errors of the network that Linux reports for the connection it would have given.
fn is_of_one_connection(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::HostUnreachable
            | ErrorKind::Interrupted
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
            | ErrorKind::PermissionDenied
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_descriptors_or_memory_is_waited_for() {
        let mut trouble = Trouble::default();
        let now = Instant::now();
        let mut pause = |errno| trouble.met(Side::Inbound, &Error::from_raw_os_error(errno), now).is_some();
        let (emfile, enfile, enobufs, enomem) = (24, 23, 105, 12);
        let (econnaborted, ehostunreach, enetdown, eperm) = (103, 113, 100, 1);
        assert_eq!([emfile, enfile, enobufs, enomem].map(&mut pause), [true; 4]);
        assert_eq!([econnaborted, ehostunreach, enetdown, eperm].map(&mut pause), [false; 4]);
    }
}
