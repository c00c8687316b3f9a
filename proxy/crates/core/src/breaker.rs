//! Leaves an endpoint alone that fails, and asks it again with one request at a time (failure accrual of the contract).
//!
//! A circuit is closed while requests flow. It opens after too many failures in a row, or when too small a share of the
//! recent requests succeeded; stays open for a pause; then one request probes the endpoint, and its outcome alone closes
//! the circuit or opens it for a longer pause.

mod recent;

use std::time::{Duration, Instant};

use http::StatusCode;

use self::recent::Recent;
use crate::classify::{self, Class};
use crate::outbound::Breaker;

/// Longest pause that an endpoint's own hint can ask for; the contract's default for such hints.
const HINT_MAX: Duration = Duration::from_secs(300);
/// gRPC's RESOURCE_EXHAUSTED.
const RESOURCE_EXHAUSTED: u16 = 8;

/// How a request to the endpoint ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint did its part.
    Success,
    /// The endpoint failed, or was not reached, or did not answer in time.
    Failure,
    /// The endpoint has too much to do: not a failure in a row, but no success of the share either.
    Limited,
}

impl Outcome {
    /// Of an answer; `grpc` is the call's code where it is one and the code is known.
    pub fn of(status: StatusCode, grpc: Option<u16>) -> Self {
        if status == StatusCode::TOO_MANY_REQUESTS || grpc == Some(RESOURCE_EXHAUSTED) {
            return Outcome::Limited;
        }
        match classify::grpc(status, grpc) {
            Class::Success => Outcome::Success,
            Class::Failure => Outcome::Failure,
        }
    }
}

/// What a circuit lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything.
    Closed,
    /// Nothing, until the pause is over or the probe on its way has ended.
    Open,
    /// One request.
    Probing,
}

/// A request's leave to go to the endpoint; its outcome is reported with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Admission {
    /// The number of times that the circuit had changed.
    turn: u32,
    probe: bool,
}

/// What an outcome did to a circuit; for logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The endpoint is left alone for so long.
    Opened(Duration),
    /// The endpoint gets requests again.
    Closed,
}

/// The circuit of one endpoint.
#[derive(Clone, Debug, Default)]
pub struct Circuit {
    /// `None` while closed.
    open: Option<Open>,
    /// Times that it opened or closed: what was begun before says nothing of what is now.
    turn: u32,
    failures: u32,
    recent: Option<Box<Recent>>,
}

#[derive(Clone, Debug)]
struct Open {
    until: Instant,
    attempt: u32,
    probe: bool,
}

impl Circuit {
    /// What it lets through at `now`.
    pub fn state(&self, now: Instant) -> State {
        match &self.open {
            None => State::Closed,
            Some(open) if open.probe || now < open.until => State::Open,
            Some(_) => State::Probing,
        }
    }

    /// Whether requests may be held back.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether a request may go to the endpoint at `now`. Two comparisons, for each candidate of each request.
    pub fn admits(&self, now: Instant) -> bool {
        self.open.is_none() || self.state(now) == State::Probing
    }

    /// A request is sent. Where the circuit lets nothing through and the request is sent all the same, for want of
    /// another endpoint, its outcome does not count.
    pub fn begin(&mut self, now: Instant) -> Admission {
        let probe = self.state(now) == State::Probing;
        if let (true, Some(open)) = (probe, &mut self.open) {
            open.probe = true;
        }
        Admission { turn: self.turn, probe }
    }

    /// The request ended. `hint` is how long the endpoint asks to be left alone (see [`retry_after`]); `random` is uniform
    /// over all values.
    pub fn end(
        &mut self,
        policy: &Breaker,
        admission: Admission,
        outcome: Outcome,
        hint: Option<Duration>,
        now: Instant,
        random: u64,
    ) -> Option<Change> {
        if admission.turn != self.turn {
            return None;
        }
        let attempt = match self.open.as_ref().map(|open| open.attempt.saturating_add(1)) {
            Some(_) if !admission.probe => return None,
            Some(_) if outcome == Outcome::Success => {
                *self = Circuit { turn: self.turn.wrapping_add(1), ..Circuit::default() };
                return Some(Change::Closed);
            }
            Some(attempt) => attempt,
            None if self.trips(policy, outcome, now) => 0,
            None => return None,
        };
        Some(self.open(policy, attempt, hint, now, random))
    }

    /// The request ended without an outcome: the program gave up, or the request was never sent. The next one probes.
    pub fn abandon(&mut self, admission: Admission) {
        if let Some(open) = self.open.as_mut().filter(|_| admission.probe && admission.turn == self.turn) {
            open.probe = false;
        }
    }

    /// Counts an outcome; whether it is one too many.
    fn trips(&mut self, policy: &Breaker, outcome: Outcome, now: Instant) -> bool {
        self.failures = match outcome {
            Outcome::Success => 0,
            Outcome::Failure => self.failures.saturating_add(1),
            Outcome::Limited => self.failures,
        };
        let in_a_row = policy.max_consecutive_failures > 0 && self.failures >= policy.max_consecutive_failures;
        let share = policy.success_rate.as_ref().is_some_and(|rate| {
            let recent = self.recent.get_or_insert_with(|| Box::new(Recent::new(now)));
            recent.count(rate, outcome == Outcome::Success, now);
            recent.is_below(rate)
        });
        in_a_row || share
    }

    fn open(&mut self, policy: &Breaker, attempt: u32, hint: Option<Duration>, now: Instant, random: u64) -> Change {
        let own = policy.backoff.pause(attempt, random);
        let hint = hint.filter(|_| policy.respect_retry_after).map_or(Duration::ZERO, |hint| hint.min(HINT_MAX));
        let pause = own.max(hint);
        let open = Open { until: now + pause, attempt, probe: false };
        *self = Circuit { open: Some(open), turn: self.turn.wrapping_add(1), ..Circuit::default() };
        Change::Opened(pause)
    }
}

/// How long an answer asks to be left alone: `retry-after` in whole seconds (RFC 9110 section 10.2.3; dates are not read), or
/// gRPC's `grpc-retry-pushback-ms`.
pub fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok().map(u64::from);
    let pushback = number("grpc-retry-pushback-ms").map(Duration::from_millis);
    pushback.or_else(|| number("retry-after").map(Duration::from_secs))
}
