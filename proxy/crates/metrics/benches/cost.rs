//! What counting costs: `cargo bench -p hauberk-metrics`. Nanoseconds, of whatever machine this is; compare lines of one
//! run only.
#![allow(clippy::print_stdout, reason = "its output is for people")]

use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use hauberk_metrics::counter::Counter;
use hauberk_metrics::edge::EdgeMetrics;
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::statuses::RouteKind;
use hauberk_metrics::text::Text;

const ROUNDS: u32 = 2_000_000;

fn main() {
    let shared = Counter::default();
    line("one addition, a thread alone", once(ROUNDS, || black_box(&shared).increment()));
    line("one addition, two threads in one place", on_two_threads(|| Arc::new(Counter::default()), true));
    line("one addition, two threads in their own", on_two_threads(|| Arc::new(Counter::default()), false));
    let data = DataMetrics::new();
    let edge = inbound_edge(&data);
    let request = || {
        edge.request();
        edge.response(200, None, true, "", Duration::from_micros(120));
    };
    line("a request and its response, inbound", once(ROUNDS, request));
    let route = data.route(RouteKind::Http, &labels(1));
    line("the end of a request on a route", once(ROUNDS, || route.ended(200, None, "", Duration::from_micros(120))));
    (0..500).for_each(|i| drop(data.transport(&labels(i))));
    line("labels of a connection, written", once(ROUNDS / 20, || drop(black_box(labels(77)))));
    let written = || drop(black_box(data.transport(&labels(77))));
    line("counters of a connection, by labels", once(ROUNDS / 20, written));
    let known = || drop(black_box(data.transport_by(&facts(), || labels(77))));
    line("counters of a connection, by facts", once(ROUNDS / 20, known));
    let page = || {
        let mut out = Text::new();
        data.write(&mut out);
        drop(black_box(out.finish()));
    };
    line("a page of 500 transports", once(50, page));
}

fn line(what: &str, took: Duration) {
    println!("{what:45} {:>10.1}", took.as_nanos() as f64 / 1_000.0);
}

/// The time of a thousand of them.
fn once(rounds: u32, mut work: impl FnMut()) -> Duration {
    (0..rounds / 10).for_each(|_| work());
    let start = Instant::now();
    (0..rounds).for_each(|_| work());
    start.elapsed() * 1_000 / rounds
}

fn on_two_threads(make: impl Fn() -> Arc<Counter>, together: bool) -> Duration {
    let barrier = Barrier::new(2);
    let first = make();
    let counters = [first.clone(), if together { first } else { make() }];
    let count = |counter: &Counter| {
        barrier.wait();
        once(ROUNDS * 5, || black_box(counter).increment())
    };
    thread::scope(|scope| {
        let threads = counters.each_ref().map(|counter| scope.spawn(|| count(counter)));
        threads.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or_default()
    })
}

fn inbound_edge(data: &DataMetrics) -> EdgeMetrics {
    let allowed = data.counter(Family::InboundHttpAllowed, &labels(1));
    let served = data.served_by(RouteKind::Http, &1, || labels(1));
    EdgeMetrics::new(data.edge(&labels(1)), vec![allowed]).on_route(served)
}

const CLIENT: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";

fn facts() -> (&'static str, SocketAddr, &'static str, [&'static str; 3]) {
    ("inbound", SocketAddr::from(([10, 77, 0, 9], 8157)), CLIENT, ["policy.linkerd.io", "server", "web-http"])
}

fn labels(i: u16) -> LabelSet {
    let addr = SocketAddr::from(([10, 77, 0, 9], 8080 + i));
    LabelSet::new()
        .with("direction", "inbound")
        .with("peer", "src")
        .kept_in_overflow()
        .with("target_addr", addr)
        .with("target_ip", addr.ip())
        .with("target_port", addr.port())
        .with("tls", "true")
        .with("client_id", CLIENT)
        .with("srv_group", "policy.linkerd.io")
        .with("srv_kind", "server")
        .with("srv_name", "web-http")
        .with("srv_port", addr.port())
}
