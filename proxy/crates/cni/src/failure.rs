//! Errors as a container runtime reads them (CNI specification, "Error").

use serde_json::{Value, json};

/// Why a pod's network is not as it has to be. The runtime shows the text in an event of the pod.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}{hint}", if hint.is_empty() { "" } else { "; " })]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) what: String,
    pub(crate) hint: String,
}

/// The specification's codes, and ours from 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Version = 1,
    Environment = 4,
    Files = 5,
    Decoding = 6,
    Configuration = 7,
    /// What is missing may come: the runtime tries again.
    TryAgain = 11,
    /// The pod asks for what makes no sense.
    Pod = 100,
    /// The rules were not accepted.
    Rules = 101,
    /// The rules are not there any more.
    Missing = 102,
}

impl Failure {
    pub(crate) fn new(code: Code, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { code, what: what.into(), hint: hint.into() }
    }

    /// What goes to standard output.
    pub(crate) fn as_json(&self, version: &str) -> Value {
        json!({
            "cniVersion": version,
            "code": self.code as u32,
            "msg": format!("hauberk: {}", self.what),
            "details": self.hint,
        })
    }
}
