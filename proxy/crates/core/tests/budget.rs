//! Shares of what all workers have together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hauberk_core::budget::Budget;

#[test]
fn a_share_is_free_again_when_it_is_dropped() {
    let budget = Budget::new(10);
    let mut share = budget.try_take(6).expect("there is room");
    assert!(budget.try_take(5).is_none());
    assert!(share.try_grow(4) && !share.try_grow(1));
    share.shrink_to(3);
    share.shrink_to(7);
    assert_eq!((share.amount(), budget.taken(), budget.total()), (3, 3, 10));
    drop(share);
    assert_eq!(budget.taken(), 0);
    assert!(budget.try_take(usize::MAX).is_none());
    assert!(Budget::new(0).try_take(1).is_none());
}

#[test]
fn those_who_can_do_without_leave_a_part_to_the_others() {
    let whole = Budget::new(10);
    let part = whole.up_to(6);
    let mut share = part.try_take(6).expect("there is room");
    assert!(!share.try_grow(1) && part.try_take(1).is_none());
    assert_eq!((part.left(), part.whole().left()), (0, 4));
    let rest = whole.try_take(4).expect("it was left");
    assert_eq!((part.taken(), part.left(), whole.left()), (10, 0, 0));
    drop((share, rest));
    assert_eq!((part.left(), part.up_to(20).total()), (6, 6));
}

#[test]
fn threads_together_never_have_more_than_there_is_and_can_have_all_of_it() {
    const TOTAL: usize = 50;
    const THREADS: usize = 8;
    let (budget, out, most) = (Budget::new(TOTAL), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let mut held = Vec::new();
                for round in 0..20_000 {
                    if round % 3 == 2 {
                        out.fetch_sub(usize::from(held.pop().is_some()), Ordering::SeqCst);
                    } else if let Some(share) = budget.try_take(1) {
                        most.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        held.push(share);
                    }
                }
                out.fetch_sub(held.len(), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(budget.taken(), 0);
    assert!(most.into_inner() <= TOTAL);
    let all: Vec<_> = (0..THREADS * TOTAL).filter_map(|_| budget.try_take(1)).collect();
    assert_eq!(all.len(), TOTAL);
}
