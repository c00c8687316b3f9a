//! The whole page: families, labels and numbers as scrapers and `hauberk stat` read them.

mod reader;

use std::io::ErrorKind;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hauberk_metrics::edge::EdgeMetrics;
use hauberk_metrics::families::{DataMetrics, Family};
use hauberk_metrics::histogram::Histogram;
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::page::Metrics;
use hauberk_metrics::process::{Build, Tls};
use hauberk_metrics::response::OUTCOMES_MAX;
use hauberk_metrics::text::{Format, Text};
use proptest::prelude::*;
use reader::value;

const BUILD: Build = Build { version: "1.2.3", git_sha: "", profile: "debug" };

fn tls() -> Tls {
    let (suites, groups) =
        (vec!["TLS13_AES_128_GCM_SHA256".to_owned()], vec!["X25519".to_owned(), "secp256r1".to_owned()]);
    Tls { suites, groups, provider: "AwsLcRs", fips: false }
}

fn metrics() -> Metrics {
    Metrics::new(BUILD, tls(), UNIX_EPOCH + Duration::from_secs(1_000))
}

fn page(data: &DataMetrics) -> String {
    let mut out = Text::new();
    data.write(&mut out);
    out.finish()
}

fn web() -> LabelSet {
    LabelSet::new().with("direction", "outbound").with("dst_service", "web")
}

#[test]
fn responses_are_told_apart_by_their_outcome() {
    let data = DataMetrics::new();
    let allowed = data.counter(Family::InboundHttpAllowed, &web());
    let edge = EdgeMetrics::new(data.edge(&web()), vec![allowed]);
    for _ in 0..3 {
        edge.request();
        edge.response(200, None, true, "", Duration::from_micros(120));
    }
    edge.response(200, Some(14), false, "", Duration::from_millis(7));
    edge.response(502, None, false, "i/o", Duration::from_secs(60));
    let page = page(&data);
    assert_eq!(value(&page, "request_total", &[("dst_service", "web")]), 3.0);
    assert_eq!(value(&page, "inbound_http_authz_allow_total", &[]), 3.0);
    let total = |labels: &[_]| value(&page, "response_total", labels);
    assert_eq!(total(&[("status_code", "200"), ("classification", "success"), ("grpc_status", "")]), 3.0);
    assert_eq!(total(&[("status_code", "200"), ("classification", "failure"), ("grpc_status", "14")]), 1.0);
    assert_eq!(total(&[("status_code", "502"), ("error", "i/o"), ("direction", "outbound")]), 1.0);
    let ms = |status, le| value(&page, "response_latency_ms_bucket", &[("status_code", status), ("le", le)]);
    assert_eq!((ms("200", "1"), ms("200", "5"), ms("200", "10"), ms("200", "+Inf")), (3.0, 3.0, 4.0, 4.0));
    assert_eq!((ms("502", "50000"), ms("502", "+Inf")), (0.0, 1.0));
    let fine = |le| value(&page, "hauberk_response_latency_seconds_bucket", &[("dst_service", "web"), ("le", le)]);
    assert_eq!((fine("0.0001"), fine("0.00015"), fine("10"), fine("+Inf")), (0.0, 3.0, 4.0, 5.0));
    assert_eq!(value(&page, "hauberk_response_latency_seconds_count", &[]), 5.0);
}

#[test]
fn two_workers_with_one_edge_count_together() {
    let data = DataMetrics::new();
    let work = || {
        let edge = EdgeMetrics::new(data.edge(&web()), Vec::new());
        for _ in 0..1_000 {
            edge.request();
            edge.response(200, None, true, "", Duration::from_millis(2));
        }
    };
    thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(work))));
    let page = page(&data);
    assert_eq!(value(&page, "request_total", &[]), 3_000.0);
    assert_eq!(value(&page, "response_total", &[]), 3_000.0);
    assert_eq!(value(&page, "response_latency_ms_sum", &[]), 6_000.0);
}

#[test]
fn a_peer_that_invents_statuses_is_bounded() {
    let data = DataMetrics::new();
    let edge = EdgeMetrics::new(data.edge(&web()), Vec::new());
    for status in 100..1_000 {
        edge.response(status, None, status < 500, "", Duration::from_millis(1));
    }
    let samples = reader::read(&page(&data));
    let responses: Vec<_> = samples.iter().filter(|s| s.name == "response_total").collect();
    assert_eq!(responses.len(), OUTCOMES_MAX + 2);
    assert_eq!(responses.iter().map(|s| s.value).sum::<f64>(), 900.0);
    let failures = responses.iter().filter(|s| s.labels["classification"] == "failure").map(|s| s.value);
    assert_eq!(failures.sum::<f64>(), 500.0);
}

#[test]
fn transports_say_how_they_ended() {
    let data = DataMetrics::new();
    let transport = data.transport(&web().with("peer", "dst"));
    for error in [None, Some(ErrorKind::ConnectionReset), Some(ErrorKind::InvalidData)] {
        transport.opened();
        transport.written(10);
        transport.closed(error);
    }
    transport.opened();
    let page = page(&data);
    let closed = |errno| value(&page, "tcp_close_total", &[("errno", errno), ("peer", "dst")]);
    assert_eq!((closed(""), closed("ECONNRESET"), closed("UNEXPECTED")), (1.0, 1.0, 1.0));
    assert_eq!(value(&page, "tcp_open_total", &[]), 4.0);
    assert_eq!(value(&page, "tcp_open_connections", &[]), 1.0);
    assert_eq!(value(&page, "tcp_write_bytes_total", &[]), 30.0);
}

#[test]
fn the_whole_page_reads_and_names_the_process() {
    let metrics = metrics();
    let (now, wall) = (Instant::now(), SystemTime::now());
    metrics.data.counter(Family::OutboundTcpErrors, &LabelSet::new().with("error", "i/o")).increment();
    let peer = metrics.control.peer("policy:8090", Some("hauberk.identity"));
    peer.request();
    metrics.identity.renewed(UNIX_EPOCH + Duration::from_secs(5_000), UNIX_EPOCH + Duration::from_secs(2_000));
    metrics.identity.failed();
    let page = metrics.render(Format::Plain, now, wall);
    assert_eq!(value(&page, "outbound_tcp_errors_total", &[("error", "i/o")]), 1.0);
    assert_eq!(value(&page, "control_request_total", &[("addr", "policy:8090"), ("tls", "true")]), 1.0);
    assert_eq!(value(&page, "control_identity_cert_expiration_timestamp_seconds", &[]), 5_000.0);
    assert_eq!(value(&page, "identity_cert_expiration_timestamp_seconds", &[]), 5_000.0);
    assert_eq!(value(&page, "control_identity_cert_refreshes_total", &[("result", "error")]), 1.0);
    assert_eq!(value(&page, "process_start_time_seconds", &[]), 1_000.0);
    assert_eq!(value(&page, "proxy_build_info", &[("version", "1.2.3"), ("vendor", "hauberk")]), 1.0);
    assert!(value(&page, "process_open_fds", &[]) >= 3.0);
    assert!(value(&page, "process_resident_memory_bytes", &[]) > 100_000.0);
    assert!(value(&page, "process_threads", &[]) >= 1.0);
}

#[test]
fn the_age_of_the_views_is_known_once_they_were_confirmed() {
    let metrics = metrics();
    let start = Instant::now();
    metrics.control.view_rejected("destination");
    assert!(!metrics.render(Format::Plain, start, UNIX_EPOCH).contains("hauberk_view_age_seconds"));
    metrics.control.view_confirmed(42, start);
    let page = metrics.render(Format::Plain, start + Duration::from_millis(2_500), UNIX_EPOCH);
    assert_eq!(value(&page, "hauberk_view_age_seconds", &[]), 2.5);
    assert_eq!(value(&page, "hauberk_view_revision", &[]), 42.0);
    assert_eq!(value(&page, "hauberk_view_rejected_total", &[("service", "destination")]), 1.0);
}

#[test]
fn what_nobody_uses_leaves_the_page() {
    let metrics = metrics();
    let start = Instant::now();
    let held = metrics.data.edge(&web());
    held.request();
    metrics.data.transport(&web()).opened();
    for minute in 0..=11 {
        metrics.expire(start + Duration::from_secs(60 * minute), Duration::from_secs(600));
    }
    let page = metrics.render(Format::Plain, start, UNIX_EPOCH);
    assert_eq!(value(&page, "request_total", &[]), 1.0);
    assert!(!page.contains("tcp_open_total{"));
    assert_eq!(Arc::strong_count(&held), 2, "a page holds on to nothing");
}

#[test]
fn bytes_between_zones_count_for_ever_and_once() {
    let metrics = metrics();
    let to = |direction: &str, peer: &str, zone: Option<&str>| {
        let labels = LabelSet::new().with("direction", direction).with("peer", peer).kept_in_overflow();
        let labels = labels.with("dst_pod", "dst_zone_locality=\"local\"");
        let labels = zone.into_iter().fold(labels, |labels, zone| labels.with("dst_zone_locality", zone));
        let transport = metrics.data.transport(&labels);
        transport.written(2);
        transport.read(3);
    };
    let bytes = || {
        let page = metrics.render(Format::Plain, Instant::now(), UNIX_EPOCH);
        let of = |op, zone| {
            let labels = [("op", op), ("zone_locality", zone)];
            value(&page, "outbound_tcp_transfer_cost_bytes_total", &labels)
        };
        ["local", "remote", "unknown"].map(|zone| (of("send", zone), of("recv", zone)))
    };
    to("outbound", "dst", Some("local"));
    to("outbound", "dst", Some("remote"));
    to("outbound", "dst", Some("remote"));
    to("outbound", "dst", None);
    to("outbound", "src", Some("local"));
    to("inbound", "dst", Some("local"));
    let counted = [(2.0, 3.0), (4.0, 6.0), (2.0, 3.0)];
    assert_eq!(bytes(), counted);
    let (start, idle) = (Instant::now(), Duration::from_secs(600));
    for at in [start, start + idle, start + 2 * idle] {
        metrics.expire(at, idle);
        assert_eq!(bytes(), counted);
    }
    assert!(!metrics.render(Format::Plain, start, UNIX_EPOCH).contains("tcp_open_total{"), "they are forgotten");
    to("outbound", "dst", Some("local"));
    assert_eq!(bytes(), [(4.0, 6.0), counted[1], counted[2]]);
}

#[test]
fn openmetrics_announces_counters_by_what_stands_before_total() {
    let metrics = metrics();
    metrics.identity.renewed(UNIX_EPOCH, UNIX_EPOCH);
    metrics.data.edge(&web()).request();
    let page = metrics.render(Format::OpenMetrics, Instant::now(), UNIX_EPOCH);
    assert!(page.contains("# TYPE request counter\nrequest_total{"), "{page}");
    assert!(page.contains("# TYPE identity_cert_refresh_count unknown\n"));
    let plain = metrics.render(Format::Plain, Instant::now(), UNIX_EPOCH);
    assert!(plain.contains("# TYPE request_total counter\nrequest_total{"), "{plain}");
    assert!(page.ends_with("\n# EOF\n") && plain.ends_with("\n# EOF\n"));
}

proptest! {
    #[test]
    fn a_latency_counts_from_the_first_bound_that_holds_it(nanos in 0..100_000_000_000_u64) {
        let histogram = Histogram::default();
        histogram.observe(Duration::from_nanos(nanos));
        let mut out = Text::new();
        out.family("fine", hauberk_metrics::text::Kind::Histogram, "Fine");
        histogram.snapshot().write_seconds(&mut out, "fine", &[]);
        out.family("coarse", hauberk_metrics::text::Kind::Histogram, "Coarse");
        histogram.snapshot().write_ms(&mut out, "coarse", &[]);
        for sample in reader::read(&out.finish()).iter().filter(|s| s.labels.contains_key("le")) {
            let bound: f64 = sample.labels["le"].parse().unwrap();
            let bound_ns = bound * if sample.name == "fine_bucket" { 1e9 } else { 1e6 };
            prop_assert_eq!(sample.value, if nanos as f64 <= bound_ns { 1.0 } else { 0.0 }, "{:?}", sample);
        }
    }
}
