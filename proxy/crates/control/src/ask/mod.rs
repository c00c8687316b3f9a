//! The questions: each puts one request and turns what comes back into the current answer.

pub(crate) mod answers;
pub(crate) mod endpoints;
pub(crate) mod inbound;
pub(crate) mod outbound;
pub(crate) mod view;

use hauberk_core::version::Version;

/// Whether an answer is older than what was shown already, as one from a lagging replica may be. If not, it is noted.
fn is_stale(shown: &mut Option<Version>, new: Option<&Version>) -> bool {
    match (shown.as_ref(), new) {
        (Some(shown), Some(new)) if new.is_older_than(shown) => true,
        _ => {
            *shown = new.cloned();
            false
        }
    }
}
