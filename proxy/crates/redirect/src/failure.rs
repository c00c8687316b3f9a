//! Why connections are not redirected, in words for the person who reads a pod's log.

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}{hint}", if hint.is_empty() { "" } else { "; " })]
pub struct Failure {
    /// What is wrong and who was wrong.
    pub what: String,
    /// What to do next; may be empty.
    pub hint: String,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}
