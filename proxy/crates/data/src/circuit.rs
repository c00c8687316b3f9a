//! The circuit of one endpoint, which all workers open and close together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use hauberk_core::breaker::Circuit;

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

    /// Lets the circuit know of a request.
    pub(crate) fn with<T>(&self, know: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut circuit = self.lock();
        let known = know(&mut circuit);
        self.open.store(circuit.is_open(), Ordering::Relaxed);
        known
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        // Nothing that is done under this lock panics half-way.
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
