//! The circuit breaker: when it opens, for how long, and what closes it.

use std::time::{Duration, Instant};

use hauberk_core::breaker::{Admission, Change, Circuit, Outcome, State, retry_after};
use hauberk_core::outbound::{Backoff, Breaker, SuccessRate};
use http::{HeaderMap, StatusCode};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn policy(max_consecutive_failures: u32, success_rate: Option<SuccessRate>) -> Breaker {
    let backoff = Backoff { min: SECOND, max: 4 * SECOND, jitter: 0.0 };
    Breaker { max_consecutive_failures, success_rate, backoff, respect_retry_after: true, min_ready: 0 }
}

/// One request from its start to its end.
fn request(circuit: &mut Circuit, policy: &Breaker, outcome: Outcome, now: Instant) -> Option<Change> {
    let admission = circuit.begin(now);
    circuit.end(policy, admission, outcome, None, now, 0)
}

fn broken(policy: &Breaker, now: Instant) -> Circuit {
    let mut circuit = Circuit::default();
    while request(&mut circuit, policy, Outcome::Failure, now).is_none() {}
    circuit
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_does_not() {
    let (policy, now) = (policy(3, None), Instant::now());
    let mut circuit = Circuit::default();
    for outcome in [Outcome::Failure, Outcome::Failure, Outcome::Success, Outcome::Failure, Outcome::Limited] {
        assert_eq!(request(&mut circuit, &policy, outcome, now), None);
    }
    assert_eq!(request(&mut circuit, &policy, Outcome::Failure, now), None);
    assert_eq!(request(&mut circuit, &policy, Outcome::Failure, now), Some(Change::Opened(SECOND)));
    assert_eq!((circuit.state(now), circuit.admits(now)), (State::Open, false));
}

#[test]
fn after_the_pause_one_request_decides() {
    let (policy, begun) = (policy(1, None), Instant::now());
    let mut circuit = broken(&policy, begun);
    let now = begun + SECOND;
    assert_eq!(circuit.state(now), State::Probing);
    let probe = circuit.begin(now);
    assert!(!circuit.admits(now), "a second one has to wait");
    assert_eq!(circuit.end(&policy, probe, Outcome::Failure, None, now, 0), Some(Change::Opened(2 * SECOND)));
    let pauses = (0..3).scan(now + 2 * SECOND, |now, _| {
        let Some(Change::Opened(pause)) = request(&mut circuit, &policy, Outcome::Failure, *now) else {
            panic!("opened")
        };
        *now += pause;
        Some(pause.as_secs())
    });
    assert_eq!(pauses.collect::<Vec<_>>(), [4, 4, 4], "up to the longest");
    let late = begun + 60 * SECOND;
    assert_eq!(request(&mut circuit, &policy, Outcome::Success, late), Some(Change::Closed));
    assert_eq!(request(&mut circuit, &policy, Outcome::Failure, late), Some(Change::Opened(SECOND)), "and starts over");
}

#[test]
fn what_was_begun_before_a_change_does_not_count() {
    let (policy, begun) = (policy(1, None), Instant::now());
    let mut circuit = Circuit::default();
    let old = circuit.begin(begun);
    assert!(request(&mut circuit, &policy, Outcome::Failure, begun).is_some());
    let forced = circuit.begin(begun);
    for late in [old, forced] {
        assert_eq!(circuit.end(&policy, late, Outcome::Success, None, begun + SECOND, 0), None);
    }
    let probe = circuit.begin(begun + SECOND);
    circuit.abandon(old);
    assert!(!circuit.admits(begun + SECOND), "the probe is still on its way");
    circuit.abandon(probe);
    assert!(circuit.admits(begun + SECOND), "a probe without an outcome makes room for another one");
}

#[test]
fn a_small_share_of_successes_opens_it_from_the_least_number_of_requests_on() {
    let rate = SuccessRate { threshold: 0.8, window: 10 * SECOND, min_requests: 5 };
    let (policy, now) = (policy(0, Some(rate)), Instant::now());
    let mut circuit = Circuit::default();
    for outcome in [Outcome::Failure, Outcome::Success, Outcome::Success, Outcome::Success] {
        assert_eq!(request(&mut circuit, &policy, outcome, now), None);
    }
    assert_eq!(request(&mut circuit, &policy, Outcome::Success, now), None, "four of five are enough");
    assert_eq!(request(&mut circuit, &policy, Outcome::Limited, now), Some(Change::Opened(SECOND)));
}

#[test]
fn what_is_older_than_the_window_is_forgotten() {
    let rate = SuccessRate { threshold: 0.5, window: 10 * SECOND, min_requests: 2 };
    let (policy, begun) = (policy(0, Some(rate)), Instant::now());
    for (later, change) in [(9, Some(Change::Opened(SECOND))), (10, None), (1000, None)] {
        let mut circuit = Circuit::default();
        assert_eq!(request(&mut circuit, &policy, Outcome::Failure, begun), None);
        assert_eq!(request(&mut circuit, &policy, Outcome::Failure, begun + later * SECOND), change, "{later} s later");
    }
}

#[test]
fn an_endpoint_may_ask_for_a_longer_pause() {
    let now = Instant::now();
    let opened = |policy: &Breaker, hint: u64| {
        let mut circuit = Circuit::default();
        let admission = circuit.begin(now);
        circuit.end(policy, admission, Outcome::Failure, Some(Duration::from_secs(hint)), now, 0)
    };
    let respectful = policy(1, None);
    assert_eq!(opened(&respectful, 30), Some(Change::Opened(30 * SECOND)));
    assert_eq!(opened(&respectful, 0), Some(Change::Opened(SECOND)));
    assert_eq!(opened(&respectful, 100_000), Some(Change::Opened(300 * SECOND)));
    let other = Breaker { respect_retry_after: false, ..respectful };
    assert_eq!(opened(&other, 30), Some(Change::Opened(SECOND)));
    let mut headers = HeaderMap::new();
    assert_eq!(retry_after(&headers), None);
    headers.insert("retry-after", "120".parse().unwrap());
    assert_eq!(retry_after(&headers), Some(120 * SECOND));
    headers.insert("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT".parse().unwrap());
    assert_eq!(retry_after(&headers), None);
}

#[test]
fn outcomes_are_those_of_the_contract() {
    for (status, grpc, outcome) in [
        (200, None, Outcome::Success),
        (404, None, Outcome::Success),
        (500, None, Outcome::Failure),
        (429, None, Outcome::Limited),
        (200, Some(0), Outcome::Success),
        (200, Some(5), Outcome::Success),
        (200, Some(14), Outcome::Failure),
        (200, Some(8), Outcome::Limited),
    ] {
        assert_eq!(Outcome::of(StatusCode::from_u16(status).unwrap(), grpc), outcome, "{status} {grpc:?}");
    }
}

proptest! {
    /// Whatever happens in whatever order, at most one probe is on its way while the circuit is not closed, and time
    /// always brings another one.
    #[test]
    fn it_never_lets_more_than_one_probe_through_and_never_stays_open(
        steps in prop::collection::vec((0u8..5, 0u64..3000, any::<u64>()), 1..200),
    ) {
        let rate = SuccessRate { threshold: 0.7, window: SECOND, min_requests: 3 };
        let policy = policy(2, Some(rate));
        let mut circuit = Circuit::default();
        let mut now = Instant::now();
        let mut flying: Vec<Admission> = Vec::new();
        let mut probe: Option<Admission> = None;
        for (what, milliseconds, random) in steps {
            now += Duration::from_millis(milliseconds);
            let outcome = [Outcome::Success, Outcome::Failure, Outcome::Limited][what as usize % 3];
            match what {
                0 | 1 if circuit.admits(now) => {
                    let probing = circuit.state(now) == State::Probing;
                    let admission = circuit.begin(now);
                    if probing {
                        prop_assert_eq!(probe, None);
                        probe = Some(admission);
                    } else {
                        flying.push(admission);
                    }
                }
                2 if probe.is_some() => circuit.abandon(probe.take().unwrap()),
                3 if probe.is_some() => {
                    prop_assert!(circuit.end(&policy, probe.take().unwrap(), outcome, None, now, random).is_some());
                }
                _ => if let Some(admission) = flying.pop() {
                    circuit.end(&policy, admission, outcome, None, now, random);
                },
            }
        }
        if let Some(probe) = probe {
            circuit.abandon(probe);
        }
        prop_assert!(circuit.admits(now + 5 * SECOND));
    }
}
