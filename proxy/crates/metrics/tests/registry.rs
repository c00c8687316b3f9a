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
    assert_eq!(registry.all().iter().map(|(_, counter)| counter.get()).collect::<Vec<_>>(), [2]);
}

#[test]
fn beyond_the_bound_everything_is_one_series() {
    let registry = Registry::<Counter>::new(3);
    for i in 0..100 {
        registry.get(&client(i)).increment();
    }
    registry.get(&client(0)).increment();
    let all = registry.all();
    let counts: Vec<(&str, u64)> = all.iter().map(|(labels, counter)| (&**labels, counter.get())).collect();
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
    assert_eq!(registry.all().len(), 2);
    registry.get(&client(2)).increment();
    registry.expire(start + IDLE, IDLE);
    assert_eq!(registry.all().len(), 2, "its use began the time anew");
    registry.expire(start + IDLE * 2, IDLE);
    assert_eq!(registry.all().len(), 1, "the held one stays");
    drop(held);
    registry.expire(start + IDLE * 3, IDLE);
    registry.expire(start + IDLE * 4, IDLE);
    assert!(registry.all().is_empty());
}

#[test]
fn room_is_made_for_new_series() {
    let registry = Registry::<Counter>::new(1);
    let start = Instant::now();
    registry.get(&client(1));
    registry.expire(start, IDLE);
    registry.expire(start + IDLE, IDLE);
    registry.get(&client(2)).increment();
    assert_eq!(&*registry.all()[0].0, client(2).as_str());
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
