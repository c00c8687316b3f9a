//! One request's weight in the circuit breaker of its endpoint.

use std::rc::Rc;
use std::time::Duration;

use hauberk_core::breaker::{self, Admission, Change, Outcome};
use hauberk_core::outbound::Breaker;
use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use crate::candidate::Candidate;

/// A request whose outcome the breaker of its endpoint waits for. Dropped, it had none.
pub(crate) struct Trial {
    candidate: Rc<Candidate>,
    breaker: Rc<Breaker>,
    admission: Option<Admission>,
    hint: Option<Duration>,
    random: u64,
}

impl Trial {
    /// A request is sent to `candidate`; `random` is uniform over all values.
    pub(super) fn begin(candidate: &Rc<Candidate>, breaker: &Rc<Breaker>, random: u64) -> Self {
        let admission = candidate.circuit().with(|circuit| circuit.begin(Instant::now().into_std()));
        Self { candidate: candidate.clone(), breaker: breaker.clone(), admission: Some(admission), hint: None, random }
    }

    /// The head of an answer came; how long the endpoint wants to be left alone is in it.
    pub(super) fn hinted(mut self, headers: &HeaderMap) -> Self {
        self.hint = breaker::retry_after(headers);
        self
    }

    /// The answer is over, with this status, and the code of the call if it was one.
    pub(crate) fn answered(self, status: StatusCode, grpc: Option<u16>) {
        self.end(Outcome::of(status, grpc));
    }

    /// There was no answer, or it broke off.
    pub(crate) fn failed(self) {
        self.end(Outcome::Failure);
    }

    fn end(mut self, outcome: Outcome) {
        let Some(admission) = self.admission.take() else { return };
        let now = Instant::now().into_std();
        let (breaker, hint, random) = (&self.breaker, self.hint, self.random);
        let change =
            self.candidate.circuit().with(|circuit| circuit.end(breaker, admission, outcome, hint, now, random));
        let endpoint = self.candidate.endpoint().addr;
        match change {
            Some(Change::Opened(pause)) => tracing::info!(%endpoint, ?pause, "circuit open: too many failures"),
            Some(Change::Closed) => tracing::info!(%endpoint, "circuit closed: the endpoint answers again"),
            None => {}
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            self.candidate.circuit().with(|circuit| circuit.abandon(admission));
        }
    }
}
