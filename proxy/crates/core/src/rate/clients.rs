//! One limit for each client.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use super::bucket::Pace;
use crate::identity::Id;

/// Clients that are told apart at once; beyond, new ones share one limit.
const CLIENTS_MAX: usize = 10_000;
/// How often those are forgotten that have their whole second's worth again, in nanoseconds.
const SWEEP: u64 = 1_000_000_000;

/// The limits of clients, by identity.
#[derive(Debug)]
pub(super) struct Clients {
    pace: Pace,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    due: HashMap<Id, u64>,
    /// Of all that have no identity.
    anonymous: u64,
    /// Of all for whom there was no room.
    rest: u64,
    swept: u64,
}

impl Clients {
    pub(super) fn new(rate: NonZeroU32) -> Self {
        Self { pace: Pace::new(rate), state: Mutex::default() }
    }

    pub(super) fn rate(&self) -> NonZeroU32 {
        self.pace.rate()
    }

    /// Counts a request, or says how many nanoseconds it is too early.
    pub(super) fn take(&self, client: Option<&Id>, now: u64) -> Result<(), u64> {
        // A panic elsewhere leaves the state whole: each change is one assignment.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let due = state.of(client, now);
        *due = self.pace.admit(*due, now)?;
        Ok(())
    }
}

impl State {
    fn of(&mut self, client: Option<&Id>, now: u64) -> &mut u64 {
        let Some(client) = client else { return &mut self.anonymous };
        if !self.due.contains_key(client) && !self.has_room(now) {
            return &mut self.rest;
        }
        self.due.entry(client.clone()).or_default()
    }

    /// Makes room, if need be, by forgetting what has no effect any more: a time that has passed.
    fn has_room(&mut self, now: u64) -> bool {
        if self.due.len() >= CLIENTS_MAX && now.saturating_sub(self.swept) >= SWEEP {
            self.swept = now;
            self.due.retain(|_, due| *due > now);
        }
        self.due.len() < CLIENTS_MAX
    }
}
