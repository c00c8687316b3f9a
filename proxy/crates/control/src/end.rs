//! Why a stream of answers ended, and what follows from it.

use hauberk_metrics::response::Outcome;
use tonic::{Code, Status};

use crate::service::Address;
use crate::wire::Nonsense;

/// Why a stream ended.
pub(crate) enum End {
    /// It was old, or had nothing to say for long, and is opened anew.
    Aged,
    /// The first message did not come in time.
    Silent,
    /// The control plane ended it.
    Closed(Status),
    /// A message made no sense.
    Nonsense(Nonsense),
}

impl End {
    /// The control plane's word that asking again soon will not help.
    pub(crate) fn refusal(&self) -> Option<&Status> {
        const FINAL: [Code; 4] = [Code::NotFound, Code::Unimplemented, Code::InvalidArgument, Code::FailedPrecondition];
        match self {
            End::Closed(status) if FINAL.contains(&status.code()) => Some(status),
            _ => None,
        }
    }

    /// How it counts.
    pub(crate) fn outcome(&self) -> Outcome {
        let (code, error) = match self {
            End::Aged => (Code::Ok, ""),
            End::Silent => (Code::DeadlineExceeded, "timeout"),
            End::Closed(status) => (status.code(), ""),
            End::Nonsense(_) => (Code::Ok, "nonsense"),
        };
        let success = matches!(self, End::Aged) || self.refusal().is_some();
        Outcome { status: Some(200), grpc_status: u16::try_from(code as i32).ok(), success, error }
    }

    /// Tells of a trouble once, until `told` is reset.
    pub(crate) fn tell(&self, service: &str, address: &Address, told: &mut bool) {
        let (why, code) = match self {
            End::Aged => return,
            End::Silent => ("no message came in time".to_owned(), None),
            End::Closed(status) => (status.message().to_owned(), Some(status.code())),
            End::Nonsense(nonsense) => (format!("the answer makes no sense: {nonsense}"), None),
        };
        if self.refusal().is_some() || std::mem::replace(told, true) {
            tracing::debug!(service, %address, ?code, why, "no answer from the control plane");
        } else {
            tracing::warn!(service, %address, ?code, why, "no answer from the control plane; the last good view stays");
        }
    }
}
