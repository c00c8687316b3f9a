//! The circuit of one endpoint, which all workers open and close together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hauberk_core::breaker::{Admission, Change, Circuit, Outcome};
use hauberk_core::outbound::Breaker;

/// A circuit that several threads use.
#[derive(Debug, Default)]
pub(crate) struct SharedCircuit {
    circuit: Mutex<Circuit>,
    /// Whether requests may be held back, so that nothing is locked for endpoints that do well.
    open: AtomicBool,
}

impl SharedCircuit {
    /// Whether a request may go to the endpoint at `now`.
    pub(crate) fn admits(&self, now: Instant) -> bool {
        !self.open.load(Ordering::Relaxed) || self.lock().admits(now)
    }

    /// See [`Circuit::begin`].
    pub(crate) fn begin(&self, now: Instant) -> Admission {
        self.lock().begin(now)
    }

    /// See [`Circuit::end`].
    pub(crate) fn end(
        &self,
        policy: &Breaker,
        admission: Admission,
        outcome: Outcome,
        hint: Option<Duration>,
        now: Instant,
        random: u64,
    ) -> Option<Change> {
        let mut circuit = self.lock();
        let change = circuit.end(policy, admission, outcome, hint, now, random)?;
        self.open.store(matches!(change, Change::Opened(_)), Ordering::Relaxed);
        Some(change)
    }

    /// See [`Circuit::abandon`].
    pub(crate) fn abandon(&self, admission: Admission) {
        self.lock().abandon(admission);
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        // Nothing that is done under this lock panics half-way.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
