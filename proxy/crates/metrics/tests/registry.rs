//! Families are bounded, forget what nobody uses, and lose no event of any thread.

mod reader;

use std::thread;
use std::time::{Duration, Instant};

use hauberk_metrics::counter::Counter;
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::registry::Registry;
use hauberk_metrics::text::Text;

const IDLE: Duration = Duration::from_secs(600);

fn client(i: usize) -> LabelSet {
    LabelSet::new().with("direction", "inbound").kept_in_overflow().with("client_id", format!("client-{i}"))
}

#[test]
fn one_set_of_labels_is_one_series() {
    let registry = Registry::<Counter>::new(10);
    registry.get(&client(1)).increment();
    registry.get(&client(1)).increment();
    assert_eq!(registry.totals().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [2]);
}

#[test]
fn beyond_the_bound_everything_is_one_series() {
    let registry = Registry::<Counter>::new(3);
    for i in 0..100 {
        registry.get(&client(i)).increment();
    }
    registry.get(&client(0)).increment();
    let all = registry.totals();
    let counts: Vec<(&str, u64)> = all.iter().map(|(labels, count)| (&**labels, *count)).collect();
    assert_eq!(counts.len(), 4);
    assert!(counts.contains(&("direction=\"inbound\",overflow=\"true\"", 97)), "{counts:?}");
    assert!(counts.contains(&("direction=\"inbound\",client_id=\"client-0\"", 2)), "{counts:?}");
}

#[test]
fn a_series_is_forgotten_only_when_nobody_used_it_for_the_whole_time() {
    let registry = Registry::<Counter>::new(10);
    let start = Instant::now();
    let held = registry.get(&client(1));
    registry.get(&client(2)).increment();
    registry.expire(start, IDLE);
    registry.expire(start + IDLE / 2, IDLE);
    assert_eq!(registry.totals().len(), 2);
    registry.get(&client(2)).increment();
    registry.expire(start + IDLE, IDLE);
    assert_eq!(registry.totals().len(), 2, "its use began the time anew");
    registry.expire(start + IDLE * 2, IDLE);
    assert_eq!(registry.totals().len(), 1, "the held one stays");
    drop(held);
    registry.expire(start + IDLE * 3, IDLE);
    registry.expire(start + IDLE * 4, IDLE);
    assert!(registry.totals().is_empty());
}

#[test]
fn room_is_made_for_new_series() {
    let registry = Registry::<Counter>::new(1);
    let start = Instant::now();
    registry.get(&client(1));
    registry.expire(start, IDLE);
    registry.expire(start + IDLE, IDLE);
    registry.get(&client(2)).increment();
    assert_eq!(&*registry.totals()[0].0, client(2).as_str());
}

#[test]
fn short_uses_by_the_same_facts_keep_a_series() {
    let registry = Registry::<Counter>::new(10);
    let start = Instant::now();
    let mut made = 0;
    for minute in 0..30 {
        let labels = || {
            made += 1;
            client(1)
        };
        registry.get_by(&"client 1", labels).increment();
        registry.expire(start + Duration::from_secs(60 * minute), IDLE);
    }
    assert_eq!((made, &registry.totals()[0].1), (1, &30));
    for minute in 30..41 {
        registry.expire(start + Duration::from_secs(60 * minute), IDLE);
    }
    assert!(registry.totals().is_empty());
    registry.get_by(&"client 1", || client(2)).increment();
    assert_eq!(&*registry.totals()[0].0, client(2).as_str(), "what was forgotten is made anew");
}

#[test]
fn facts_beyond_the_bound_get_a_series_once_there_is_room() {
    let registry = Registry::<Counter>::new(1);
    let start = Instant::now();
    registry.get(&client(1));
    let other = || registry.get_by(&2, || client(2)).increment();
    other();
    assert_eq!(&*registry.totals()[1].0, "direction=\"inbound\",overflow=\"true\"");
    registry.expire(start, IDLE);
    other();
    registry.expire(start + IDLE, IDLE);
    other();
    let all: Vec<_> = registry.totals().into_iter().map(|(labels, count)| (labels.to_string(), count)).collect();
    assert!(all.contains(&(client(2).as_str().to_owned(), 1)), "{all:?}");
}

#[test]
fn threads_count_apart_and_are_shown_together() {
    let registry = Registry::<Counter>::new(10);
    let here = registry.get_by(&1, || client(1));
    let there = thread::scope(|scope| scope.spawn(|| registry.get_by(&1, || client(1))).join().unwrap());
    here.add(2);
    there.add(3);
    assert_eq!((here.get(), there.get()), (2, 3));
    assert_eq!(registry.totals().iter().map(|(_, count)| *count).collect::<Vec<_>>(), [5]);
}

#[test]
fn no_increment_of_any_thread_is_lost() {
    let metrics = DataMetrics::new();
    let count = || {
        for _ in 0..5_000 {
            metrics.counter(Family::InboundHttpAllowed, &client(1)).increment();
            metrics.transport(&client(1)).read(3);
        }
    };
    thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(count))));
    let mut out = Text::new();
    metrics.write(&mut out);
    let page = out.finish();
    assert_eq!(reader::value(&page, "inbound_http_authz_allow_total", &[]), 20_000.0);
    assert_eq!(reader::value(&page, "tcp_read_bytes_total", &[]), 60_000.0);
}
