//! Latency estimates, weights and shares.

use std::time::{Duration, Instant};

use hauberk_core::balance::{PeakEwma, weighted};
use hauberk_core::route::Ratio;
use proptest::prelude::*;

const DECAY: Duration = Duration::from_secs(10);

fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

#[test]
fn nothing_measured_is_nothing_known() {
    assert_eq!(PeakEwma::new(DECAY).estimate(Instant::now()), None);
}

#[test]
fn a_peak_counts_at_once_and_fades() {
    let start = Instant::now();
    let mut latency = PeakEwma::new(DECAY);
    latency.observe(ms(10), start);
    latency.observe(ms(11), start);
    assert_eq!(latency.estimate(start), Some(0.011));
    latency.observe(ms(500), start + ms(1));
    assert_eq!(latency.estimate(start + ms(1)), Some(0.5));
    latency.observe(ms(10), start + ms(2));
    let soon = latency.estimate(start + ms(2)).unwrap();
    assert!(soon > 0.49, "one good answer does not hide the peak: {soon}");
    let later = latency.estimate(start + ms(2) + DECAY).unwrap();
    assert!((later / soon - (-1f64).exp()).abs() < 1e-9, "{later} of {soon}");
}

#[test]
fn many_good_answers_outweigh_a_peak() {
    let start = Instant::now();
    let mut latency = PeakEwma::new(DECAY);
    latency.observe(ms(500), start);
    for second in 1..=100 {
        latency.observe(ms(10), start + Duration::from_secs(second));
    }
    let estimate = latency.estimate(start + Duration::from_secs(100)).unwrap();
    assert!((0.009..0.011).contains(&estimate), "{estimate}");
}

#[test]
fn shares_have_their_ends() {
    let ratio = |numerator, denominator| Ratio { numerator, denominator };
    for random in [0, u64::MAX / 2, u64::MAX] {
        assert!(ratio(1, 1).hits(random) && ratio(5, 2).hits(random));
        assert!(!ratio(0, 1).hits(random) && !ratio(1, 0).hits(random) && !ratio(0, 0).hits(random));
    }
    assert_eq!(weighted(&[], 7), None);
    assert_eq!(weighted(&[0, 0], u64::MAX), None);
    assert_eq!(weighted(&[0, 1, 0], u64::MAX), Some(1));
}

/// Numbers spread evenly over all of u64.
fn even(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(move |at| at * (u64::MAX / count) + u64::MAX / count / 2)
}

proptest! {
    #[test]
    fn estimates_stay_within_what_was_measured(
        decay in 0u64..20_000,
        steps in prop::collection::vec((0u64..100_000, 0u64..30_000, any::<bool>()), 1..40),
    ) {
        let start = Instant::now();
        let mut now = start + Duration::from_secs(3600);
        let mut latency = PeakEwma::new(ms(decay));
        let peak = steps.iter().map(|(value, ..)| ms(*value).as_secs_f64()).fold(0.0, f64::max);
        for (value, elapsed, backwards) in steps {
            // A clock that is read on another core may be behind.
            let at = if backwards { now - ms(elapsed) } else { now + ms(elapsed) };
            now = now.max(at);
            latency.observe(ms(value), at);
            let estimate = latency.estimate(at).unwrap_or(-1.0);
            prop_assert!((0.0..=peak * (1.0 + 1e-9)).contains(&estimate), "{estimate} of {peak}");
            let later = latency.estimate(now + ms(1000)).unwrap_or(-1.0);
            prop_assert!((0.0..=estimate).contains(&later));
        }
    }

    #[test]
    fn each_place_has_the_share_of_its_weight(weights in prop::collection::vec(0u32..10, 1..6)) {
        let total: u32 = weights.iter().sum();
        prop_assume!(total > 0);
        let mut hits = vec![0; weights.len()];
        even(u64::from(total) * 10).for_each(|random| hits[weighted(&weights, random).unwrap()] += 1);
        let expected: Vec<u32> = weights.iter().map(|weight| weight * 10).collect();
        prop_assert_eq!(hits, expected);
    }

    #[test]
    fn shares_are_exact(numerator in 0u32..50, denominator in 1u32..50) {
        let ratio = Ratio { numerator, denominator };
        let hits = even(u64::from(denominator) * 10).filter(|random| ratio.hits(*random)).count();
        prop_assert_eq!(hits, numerator.min(denominator) as usize * 10);
    }

    #[test]
    fn extreme_weights_are_survived(weights in prop::collection::vec(prop_oneof![Just(0), Just(u32::MAX), any::<u32>()], 0..9), random in any::<u64>()) {
        match weighted(&weights, random) {
            Some(at) => prop_assert!(weights[at] > 0),
            None => prop_assert!(weights.iter().all(|weight| *weight == 0)),
        }
    }
}

#[test]
fn a_quick_failure_makes_no_endpoint_look_quick() {
    let (now, floor) = (Instant::now(), ms(30));
    let mut never_measured = PeakEwma::new(DECAY);
    never_measured.observe_failure(ms(1), floor, now);
    assert_eq!(never_measured.estimate(now), Some(0.030));
    let mut slow = PeakEwma::new(DECAY);
    slow.observe(ms(80), now);
    slow.observe_failure(ms(1), floor, now);
    assert_eq!(slow.estimate(now), Some(0.080));
    slow.observe_failure(ms(200), floor, now);
    assert_eq!(slow.estimate(now), Some(0.200));
}
