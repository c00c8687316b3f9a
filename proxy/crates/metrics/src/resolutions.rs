//! Names of the control plane that were looked up.

use std::sync::Arc;

use crate::counter::Counter;
use crate::labels::LabelSet;
use crate::registry::Registry;
use crate::text::{Kind, Text};

/// Three clients, three types of records, a few results.
const SETS_MAX: usize = 64;

/// Counts what was asked of DNS.
#[derive(Debug)]
pub struct Resolutions(Registry<Counter>);

/// The outcome of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// There are such records, and they can be used.
    Found,
    /// There are none.
    NotFound,
    /// No answer in time.
    TimedOut,
    /// No answer, or one that makes no sense.
    Failed,
}

impl Resolved {
    fn word(self) -> &'static str {
        match self {
            Resolved::Found => "ok",
            Resolved::NotFound => "not_found",
            Resolved::TimedOut => "timeout",
            Resolved::Failed => "error",
        }
    }
}

impl Default for Resolutions {
    fn default() -> Self {
        Self(Registry::new(SETS_MAX))
    }
}

impl Resolutions {
    /// `client` asked for records of a type (`srv`, `a` or `aaaa`).
    pub fn count(&self, client: &str, record_type: &str, result: Resolved) {
        let labels = LabelSet::new().with("client", client).with("record_type", record_type);
        let counter: Arc<Counter> = self.0.get(&labels.with("result", result.word()));
        counter.increment();
    }

    /// Writes the family.
    pub fn write(&self, out: &mut Text) {
        let name = "control_dns_resolutions_total";
        out.family(name, Kind::Counter, "Names of the control plane that were looked up");
        for (labels, count) in self.0.totals() {
            out.sample(name, "", &[&labels], count);
        }
    }
}
