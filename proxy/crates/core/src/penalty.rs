//! Failures that weigh in the choice among endpoints (`penalty_peak_ewma` of the contract): an endpoint that refuses or
//! fails looks slow for a while, longer if it asks for that itself.

use std::time::Duration;

use http::StatusCode;

/// gRPC's RESOURCE_EXHAUSTED and UNAVAILABLE: an endpoint that has too much to do, or is not ready.
const GRPC_BUSY: [u16; 2] = [8, 14];
/// gRPC's UNKNOWN, DEADLINE_EXCEEDED, INTERNAL and DATA_LOSS.
const GRPC_BROKEN: [u16; 4] = [2, 4, 13, 15];

/// How much a failure weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Penalty {
    /// The latency that a failure counts as.
    pub latency: Duration,
    /// The most that an endpoint's own hint can make of it.
    pub hint_max: Duration,
    /// How fast it fades: after this time it has lost 63 % of its weight.
    pub decay: Duration,
}

impl Penalty {
    /// The latency that an answer counts as; `None` if it is no failure. `grpc` is the call's code where the answer is one
    /// and its head has the code; `hint` is how long the endpoint asks to be left alone: it counts where the endpoint says
    /// that it has too much to do, and never makes the penalty smaller.
    pub fn of(
        &self,
        status: StatusCode,
        grpc: Option<u16>,
        hint: impl FnOnce() -> Option<Duration>,
    ) -> Option<Duration> {
        let is_code_of = |codes: &[u16]| grpc.is_some_and(|code| codes.contains(&code));
        let busy = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if busy || is_code_of(&GRPC_BUSY) {
            let hint = hint().unwrap_or_default().min(self.hint_max);
            return Some(hint.max(self.latency));
        }
        (status.is_server_error() || is_code_of(&GRPC_BROKEN)).then_some(self.latency)
    }
}
