//! How many requests in a second.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hauberk_core::identity::{ClientTls, Id};
use hauberk_core::rate::{Exceeded, Limits, Override, Rates, Scope};
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn rates(total: u32, identity: u32, overrides: &[(u32, &[&str])]) -> Rates {
    let overrides = overrides.iter().filter_map(|(rate, clients)| {
        Some(Override { rate: NonZeroU32::new(*rate)?, clients: clients.iter().copied().map(Arc::from).collect() })
    });
    Rates {
        meta: None,
        total: NonZeroU32::new(total),
        identity: NonZeroU32::new(identity),
        overrides: overrides.collect(),
    }
}

fn client(name: &str) -> ClientTls {
    ClientTls::Identified { id: Id::Dns(name.into()), also: [Id::Uri(format!("spiffe://{name}").into())].into() }
}

/// How many of `tries` requests pass at one moment.
fn passing(limits: &Limits, client: &ClientTls, tries: usize, now: Instant) -> usize {
    (0..tries).filter(|_| limits.admit(client, now).is_ok()).count()
}

#[test]
fn a_second_s_worth_may_come_at_once_and_then_one_by_one() {
    let start = Instant::now();
    let limits = Limits::new(rates(10, 0, &[]), None, start);
    let anyone = ClientTls::Plain;
    assert_eq!(passing(&limits, &anyone, 100, start), 10);
    let refused = limits.admit(&anyone, start);
    assert_eq!(refused, Err(Exceeded { scope: Scope::Total, retry_after: SECOND / 10 }));
    assert_eq!(refused.map_err(|exceeded| exceeded.retry_after_seconds()), Err(1));
    assert_eq!(passing(&limits, &anyone, 100, start + SECOND / 10 - Duration::from_nanos(1)), 0);
    assert_eq!(passing(&limits, &anyone, 100, start + SECOND / 10), 1);
    assert_eq!(passing(&limits, &anyone, 100, start + SECOND), 9);
    assert_eq!(passing(&limits, &anyone, 100, start + 3600 * SECOND), 10);
}

#[test]
fn whole_seconds_are_rounded_up() {
    for (nanoseconds, seconds) in [(0, 1), (1, 1), (1_000_000_000, 1), (1_000_000_001, 2)] {
        let exceeded = Exceeded { scope: Scope::Total, retry_after: Duration::from_nanos(nanoseconds) };
        assert_eq!(exceeded.retry_after_seconds(), seconds);
    }
}

#[test]
fn each_client_has_its_own_and_those_without_an_identity_share_one() {
    let now = Instant::now();
    let limits = Limits::new(rates(0, 3, &[]), None, now);
    assert_eq!(passing(&limits, &client("a"), 5, now), 3);
    assert_eq!(passing(&limits, &client("b"), 5, now), 3);
    assert_eq!(passing(&limits, &ClientTls::Plain, 2, now), 2);
    assert_eq!(passing(&limits, &ClientTls::Anonymous, 5, now), 1);
    assert_eq!(limits.admit(&client("a"), now).map_err(|exceeded| exceeded.scope), Err(Scope::Identity));
}

#[test]
fn an_override_stands_in_place_of_the_client_s_own_limit() {
    let now = Instant::now();
    let limits = Limits::new(rates(0, 3, &[(5, &["a", "spiffe://b"]), (1, &["c"])]), None, now);
    assert_eq!(passing(&limits, &client("a"), 4, now), 4);
    assert_eq!(passing(&limits, &client("b"), 4, now), 1, "the clients of an override share it, by any of their names");
    assert_eq!(passing(&limits, &client("c"), 4, now), 1);
    assert_eq!(passing(&limits, &client("d"), 4, now), 3);
}

#[test]
fn what_a_client_is_refused_for_its_own_limit_is_left_to_others() {
    let now = Instant::now();
    let limits = Limits::new(rates(10, 2, &[]), None, now);
    assert_eq!(passing(&limits, &client("greedy"), 1000, now), 2);
    for other in ["a", "b", "c", "d"] {
        assert_eq!(passing(&limits, &client(other), 2, now), 2);
    }
    assert_eq!(limits.admit(&client("e"), now).map_err(|exceeded| exceeded.scope), Err(Scope::Total));
}

#[test]
fn a_change_of_policy_gives_nobody_a_fresh_start_but_where_the_limit_changed() {
    let now = Instant::now();
    let first = Limits::new(rates(9, 2, &[(3, &["x", "y"])]), None, now);
    assert_eq!(passing(&first, &client("x"), 9, now) + passing(&first, &client("a"), 9, now), 5);
    let later = now + Duration::from_nanos(5);
    let second = Limits::new(rates(9, 2, &[(1, &["z"]), (3, &["y"])]), Some(&first), later);
    assert_eq!(passing(&second, &client("y"), 9, later), 0);
    assert_eq!(passing(&second, &client("a"), 9, later), 0);
    assert_eq!(passing(&second, &client("z"), 9, later), 1);
    assert_eq!(passing(&second, &client("b"), 9, later), 2);
    assert_eq!(passing(&second, &client("c"), 9, later), 1, "of the total");
    let third = Limits::new(rates(9, 4, &[]), Some(&second), later);
    assert_eq!(passing(&third, &client("a"), 9, later), 0, "of the total");
    assert_eq!(passing(&Limits::new(rates(0, 4, &[]), Some(&third), later), &client("a"), 9, later), 4);
}

#[test]
fn clients_beyond_what_there_is_room_for_share_one_limit_until_others_rest() {
    const ROOM: usize = 10_000;
    let now = Instant::now();
    let limits = Limits::new(rates(0, 2, &[]), None, now);
    let some = |count: usize, of: &str, at: Instant| -> usize {
        (0..count).map(|number| passing(&limits, &client(&format!("{of}{number}")), 2, at)).sum()
    };
    assert_eq!(some(ROOM, "a", now), 2 * ROOM);
    assert_eq!(some(10, "b", now), 2);
    assert_eq!(some(10, "b", now + 2 * SECOND), 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the threads, and however often policy changes beside it: no more than a burst and what the time allows.
    #[test]
    fn threads_together_are_never_admitted_more_than_the_rate(rate in 1_u32..5_000, threads in 2_usize..6, steps in 50_u64..400) {
        const STEP: u64 = 1_000_000;
        let start = Instant::now();
        let limits = Limits::new(rates(rate, 0, &[]), None, start);
        let next = Limits::new(rates(rate, 7, &[]), Some(&limits), start);
        let (clock, admitted) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for number in 0..threads {
                let limits = if number % 2 == 0 { &limits } else { &next };
                let (clock, admitted) = (&clock, &admitted);
                scope.spawn(move || {
                    // Each request sees a time that has come already, as threads with one clock do.
                    while clock.load(Ordering::SeqCst) < steps {
                        let now = start + Duration::from_nanos(STEP * clock.load(Ordering::SeqCst));
                        let passed = limits.admit(&ClientTls::Plain, now).is_ok();
                        admitted.fetch_add(u64::from(passed), Ordering::SeqCst);
                        clock.fetch_add(u64::from(number == 0), Ordering::SeqCst);
                    }
                });
            }
        });
        let time = STEP * steps;
        let most = u64::from(rate) + u64::from(rate) * time / 1_000_000_000 + 1;
        prop_assert!(admitted.load(Ordering::SeqCst) <= most, "{admitted:?} of {most}");
    }

    /// And nobody is refused who waited as long as he was told.
    #[test]
    fn who_waits_as_long_as_told_is_admitted(rate in 1_u32..2_000_000, burst in 0_usize..3_000) {
        let now = Instant::now();
        let limits = Limits::new(rates(rate, 0, &[]), None, now);
        passing(&limits, &ClientTls::Plain, burst, now);
        if let Err(exceeded) = limits.admit(&ClientTls::Plain, now) {
            prop_assert!(limits.admit(&ClientTls::Plain, now + exceeded.retry_after).is_ok());
        }
    }
}
