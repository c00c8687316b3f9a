//! The server names that clients ask for in TLS of their own, as metric labels.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::recent::Recent;

/// Names that are told apart at once: a client can make up as many as it likes.
const NAMES_MAX: usize = 100;
const REMEMBERED: Duration = Duration::from_secs(600);
/// Stands for all the others.
const OTHER: &str = "other";

/// The names that have a label of their own.
pub(crate) struct ServerNames(Recent<Arc<str>>);

impl Default for ServerNames {
    fn default() -> Self {
        Self(Recent::new(NAMES_MAX, REMEMBERED))
    }
}

impl ServerNames {
    /// The label of a name; empty where the client sent none.
    pub(crate) fn label(&self, name: Option<&str>) -> Arc<str> {
        let Some(name) = name else { return Arc::from("") };
        let name: Arc<str> = name.into();
        if self.0.note(name.clone(), Instant::now()) { name } else { OTHER.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_a_number_names_share_a_label() {
        let names = ServerNames::default();
        assert_eq!(&*names.label(None), "");
        for number in 0..NAMES_MAX {
            let name = format!("host-{number}.example");
            assert_eq!(*names.label(Some(&name)), *name);
        }
        assert_eq!(&*names.label(Some("one.more.example")), OTHER);
        assert_eq!(&*names.label(Some("host-7.example")), "host-7.example");
    }
}
