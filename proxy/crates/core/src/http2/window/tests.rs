//! Windows by what readers take, and by what the budget has.

use super::*;

const MIB: u32 = 1024 * 1024;

/// As far as one stream that fills its window takes it.
fn grow(windows: &mut Windows) {
    windows.observe(1, 0);
    while windows.round_trip(windows.stream().into(), windows.stream()) {}
}

#[test]
fn stalled_readers_take_nothing_from_the_others_while_there_is_budget() {
    let mut windows = Windows::new(&Budget::new(11 * MIB as usize), 256 * 1024, 64 * MIB);
    assert_eq!(windows.connection(), MIB);
    for unread in [0, u64::from(MIB), 3 * u64::from(MIB), 5 * u64::from(MIB)] {
        windows.observe(20, unread);
        assert!(u64::from(windows.connection()) >= unread + u64::from(MIB), "{unread}");
    }
    assert!(!windows.observe(20, 20 * u64::from(MIB)), "the budget is spent");
    assert!(windows.observe(20, 0));
    assert!(windows.connection() <= 2 * MIB);
}

#[test]
fn a_long_way_gets_larger_windows_and_gives_them_back() {
    let budget = Budget::new(256 * MIB as usize);
    let mut windows = Windows::new(&budget, 256 * 1024, 64 * MIB);
    windows.observe(1, 0);
    assert!(!windows.round_trip(10_000, 256 * 1024), "the reader takes little");
    grow(&mut windows);
    assert_eq!((windows.stream(), windows.connection()), (STREAM_MAX, 2 * STREAM_MAX));
    assert!(!windows.can_grow());
    assert!(windows.rest(0, false));
    assert_eq!(windows.stream(), 256 * 1024);
    assert!(budget.taken() < 2 * MIB as usize);
}

#[test]
fn what_a_large_body_needed_the_next_one_gets_at_once() {
    let mut windows = Windows::new(&Budget::new(256 * MIB as usize), 256 * 1024, 64 * MIB);
    windows.observe(1, 0);
    assert!(!windows.resume(u64::from(MIB)), "nothing is known yet");
    grow(&mut windows);
    windows.rest(0, false);
    windows.sleep();
    windows.observe(1, 0);
    assert!(!windows.resume(10_000), "a small body needs no more");
    assert!(windows.resume(u64::from(MIB)));
    assert_eq!(windows.stream(), STREAM_MAX);
    windows.rest(0, false);
    windows.observe(16, 0);
    assert!(windows.resume(u64::from(MIB)));
    assert_eq!(windows.stream(), 7 * MIB / 4, "sixteen share what there is");
}

#[test]
fn connections_at_rest_take_nothing_from_those_that_work() {
    let budget = Budget::new(3 * MIB as usize);
    let mut resting: Vec<_> = (0..100).map(|_| Windows::new(&budget, 256 * 1024, 64 * MIB)).collect();
    resting.iter_mut().for_each(|windows| {
        windows.sleep();
    });
    assert_eq!(budget.taken(), 0);
    assert!(!resting[0].observe(0, 0));
    assert!(resting[0].observe(1, 0));
    assert_eq!(resting[0].connection(), MIB);
}

#[test]
fn each_stream_may_stall_with_all_that_it_got_and_the_next_one_has_room() {
    const START: u32 = 256 * 1024;
    let mut windows = Windows::new(&Budget::new(256 * MIB as usize), START, 104 * START);
    let mut unread = 0;
    for open in 1..=104 {
        windows.observe(open, unread);
        while windows.round_trip(windows.stream().into(), windows.stream()) {}
        assert!(windows.stream() >= START);
        unread += u64::from(windows.stream());
        windows.observe(open, unread);
        let left = u64::from(windows.connection()) - unread;
        assert!(left >= u64::from(START), "{open} hold {unread}, {left} are left");
    }
}

#[test]
fn a_burst_that_is_being_read_costs_a_body_nothing() {
    let mut windows = Windows::new(&Budget::new(256 * MIB as usize), 256 * 1024, 26 * MIB);
    grow(&mut windows);
    windows.observe(1, u64::from(STREAM_MAX));
    assert_eq!(windows.stream(), STREAM_MAX);
    windows.observe(2, u64::from(STREAM_MAX));
    assert!(windows.stream() > 6 * MIB, "a small body beside it, and little");
}

#[test]
fn all_connections_together_keep_to_the_budget_and_each_gets_the_least() {
    let budget = Budget::new(6 * MIB as usize);
    let windows: Vec<_> = (0..10).map(|_| Windows::new(&budget, 256 * 1024, 64 * MIB)).collect();
    assert!(budget.taken() <= budget.total());
    assert_eq!(windows.iter().filter(|windows| windows.connection() == MIB).count(), 4);
    assert!(windows.iter().all(|windows| windows.connection() >= LEAST));
    drop(windows);
    assert_eq!(budget.taken(), 0);
}

#[test]
fn others_who_share_the_budget_keep_a_part_whatever_windows_want() {
    let budget = Budget::new(40 * MIB as usize);
    let mut windows: Vec<_> = (0..100).map(|_| Windows::new(&budget, 256 * 1024, 64 * MIB)).collect();
    for windows in &mut windows {
        grow(windows);
        windows.observe(1, u64::from(20 * MIB));
    }
    assert!(budget.taken() > 28 * MIB as usize);
    assert!(budget.try_take(10 * MIB as usize).is_some());
}

#[test]
fn a_small_budget_has_room_for_every_stream_s_start_before_any_grows() {
    let budget = Budget::new(48 * MIB as usize);
    let mut windows = Windows::new(&budget, 256 * 1024, 26 * MIB);
    grow(&mut windows);
    assert!((MIB..=5 * MIB).contains(&windows.stream()));
    let grown = windows.stream();
    let mut second = Windows::new(&budget, 256 * 1024, 26 * MIB);
    windows.observe(1, u64::from(10 * MIB));
    grow(&mut second);
    assert!(second.stream() < grown, "too much is taken already");
    windows.observe(104, u64::from(26 * MIB));
    assert!(windows.connection() >= 27 * MIB);
}

#[test]
fn what_a_large_body_got_is_kept_a_little_for_the_next_one() {
    const LARGE: u64 = 100_000_000;
    let budget = Budget::new(256 * MIB as usize);
    let mut windows = Windows::new(&budget, 256 * 1024, 64 * MIB);
    for ends in [(0, true), (LARGE, false)] {
        grow(&mut windows);
        windows.observe(1, u64::from(STREAM_MAX)); // the last burst
        assert!(windows.rest(LARGE, true));
        assert_eq!((windows.stream(), windows.connection()), (STREAM_MAX, 2 * STREAM_MAX));
        for _ in 1..KEEPS {
            assert!(!windows.rest(100, true));
            assert_eq!(windows.stream(), STREAM_MAX);
        }
        assert!(windows.rest(ends.0, ends.1), "not for ever, and not where nothing wakes the connection");
        assert_eq!(windows.stream(), 256 * 1024);
    }
    grow(&mut windows);
    assert!(windows.sleep());
    assert_eq!((windows.stream(), budget.taken()), (256 * 1024, 0));
    grow(&mut windows);
    let _others = budget.try_take(40 * MIB as usize);
    assert!(windows.rest(LARGE, true), "others need it");
}
