//! Requests by route, backend and balancer: the families, labels and bounds of Linkerd's newer metrics.

mod reader;

use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use hauberk_metrics::balancer::{Carries, Update};
use hauberk_metrics::detection::Found;
use hauberk_metrics::edge::EdgeMetrics;
use hauberk_metrics::families::{DataMetrics, Direction};
use hauberk_metrics::labels::LabelSet;
use hauberk_metrics::route::Retried;
use hauberk_metrics::statuses::{ENDINGS_MAX, RouteKind};
use hauberk_metrics::text::Text;
use reader::value;

const MS: Duration = Duration::from_millis(1);

fn page(data: &DataMetrics) -> String {
    let mut out = Text::new();
    data.write(&mut out);
    out.finish()
}

fn named(name: &str) -> LabelSet {
    LabelSet::new().with("route_name", name)
}

#[test]
fn a_route_counts_how_its_requests_ended_and_how_long_they_took() {
    let data = DataMetrics::new();
    let route = data.route(RouteKind::Http, &named("web"));
    route.ended(200, None, "", 50 * MS);
    route.ended(200, None, "", 51 * MS);
    route.ended(504, None, "failfast", 20_000 * MS);
    for what in [Retried::Sent, Retried::Sent, Retried::Succeeded, Retried::Overflow] {
        route.retried(what);
    }
    let page = page(&data);
    let ended = |status, error| {
        let labels = [("http_status", status), ("error", error), ("route_name", "web")];
        value(&page, "outbound_http_route_request_statuses_total", &labels)
    };
    assert_eq!((ended("200", ""), ended("504", "FAIL_FAST")), (2.0, 1.0));
    let within = |le| value(&page, "outbound_http_route_request_duration_seconds_bucket", &[("le", le)]);
    assert_eq!((within("0.05"), within("0.5"), within("1"), within("10"), within("+Inf")), (1.0, 2.0, 2.0, 2.0, 3.0));
    let retried = |what| value(&page, &format!("outbound_http_route_retry_{what}_total"), &[]);
    assert_eq!((retried("requests"), retried("successes")), (2.0, 1.0));
    assert_eq!((retried("overflow"), retried("limit_exceeded")), (1.0, 0.0));
}

#[test]
fn calls_of_grpc_count_by_their_own_status() {
    let data = DataMetrics::new();
    let backend = data.backend(RouteKind::Grpc, &named("web"));
    for (code, error) in [(Some(0), ""), (Some(14), ""), (None, "i/o")] {
        backend.request();
        backend.ended(200, code, error, 26 * MS);
    }
    let page = page(&data);
    assert_eq!(value(&page, "outbound_grpc_route_backend_requests_total", &[]), 3.0);
    let ended = |status, error| {
        let labels = [("grpc_status", status), ("error", error)];
        value(&page, "outbound_grpc_route_backend_response_statuses_total", &labels)
    };
    assert_eq!((ended("0", ""), ended("14", ""), ended("", "IO")), (1.0, 1.0, 1.0));
    let within = |le| value(&page, "outbound_grpc_route_backend_response_duration_seconds_bucket", &[("le", le)]);
    assert_eq!((within("0.025"), within("0.05")), (0.0, 3.0));
}

#[test]
fn what_went_wrong_is_said_in_linkerd_s_words() {
    let data = DataMetrics::new();
    let route = data.route(RouteKind::Http, &named("web"));
    let words = [
        (&["", "injected", "no route", "unauthorized"][..], ""),
        (&["failfast", "no endpoints"], "FAIL_FAST"),
        (&["loadshed"], "LOAD_SHED"),
        (&["response timeout"], "REQUEST_TIMEOUT"),
        (&["response headers timeout"], "RESPONSE_HEADERS_TIMEOUT"),
        (&["response stream timeout"], "RESPONSE_STREAM_TIMEOUT"),
        (&["idle timeout"], "IDLE_TIMEOUT"),
        (&["canceled", "client stalled"], "CANCEL"),
        (&["refused"], "REFUSED"),
        (&["enhance your calm"], "ENHANCE_YOUR_CALM"),
        (&["reset"], "RESET"),
        (&["go away"], "GO_AWAY"),
        (&["i/o", "connect timeout"], "IO"),
        (&["gateway loop"], "UNKNOWN"),
    ];
    for class in words.iter().flat_map(|(classes, _)| *classes) {
        route.ended(502, None, class, MS);
    }
    let page = page(&data);
    for (classes, word) in words {
        let counted = value(&page, "outbound_http_route_request_statuses_total", &[("error", word)]);
        assert_eq!(counted, classes.len() as f64, "{word}");
    }
}

#[test]
fn a_server_that_invents_statuses_is_bounded() {
    let data = DataMetrics::new();
    let route = data.route(RouteKind::Http, &named("web"));
    for status in 100..1_000 {
        route.ended(status, None, "", MS);
    }
    let samples = reader::read(&page(&data));
    let statuses: Vec<_> = samples.iter().filter(|s| s.name.ends_with("_route_request_statuses_total")).collect();
    assert_eq!(statuses.len(), ENDINGS_MAX + 1);
    assert_eq!(statuses.iter().map(|s| s.value).sum::<f64>(), 900.0);
}

#[test]
fn clients_count_together_on_the_route_that_serves_them() {
    let data = DataMetrics::new();
    for client in ["a", "b"] {
        let edge = data.edge(&LabelSet::new().with("client_id", client));
        let edge =
            EdgeMetrics::new(edge, Vec::new()).on_route(data.served_by(RouteKind::Http, &1, || named("default")));
        edge.request();
        edge.response(200, None, true, "", 300 * MS);
    }
    let page = page(&data);
    assert_eq!(value(&page, "inbound_http_requests_total", &[("route_name", "default")]), 2.0);
    assert_eq!(value(&page, "inbound_http_statuses_total", &[("http_status", "200")]), 2.0);
    let within = |what, le| value(&page, &format!("inbound_http_{what}_duration_seconds_bucket"), &[("le", le)]);
    assert_eq!((within("request", "0.25"), within("request", "0.5")), (0.0, 2.0));
    let bounds = ["0.05", "0.5", "1", "10", "+Inf"].map(|le| within("response", le));
    assert_eq!(bounds, [0.0, 2.0, 2.0, 2.0, 2.0]);
    assert_eq!(value(&page, "request_total", &[("client_id", "a")]), 1.0);
}

#[test]
fn pieces_of_bodies_count_by_their_bytes() {
    let data = DataMetrics::new();
    let served = data.served_by(RouteKind::Grpc, &1, || named("default"));
    let edge = EdgeMetrics::new(data.edge(&LabelSet::new()), Vec::new()).on_route(served);
    let (route, backend) = (data.route(RouteKind::Http, &named("web")), data.backend(RouteKind::Http, &named("web")));
    for bytes in [128, 129, 1_024, 20_000] {
        route.request_frame(bytes);
        backend.response_frame(bytes);
        edge.response_frame(bytes);
    }
    edge.request_frame(5);
    let page = page(&data);
    let bounds = ["128", "1024", "10240", "+Inf"];
    let within = |name: &str| bounds.map(|le| value(&page, &format!("{name}_frame_size_bytes_bucket"), &[("le", le)]));
    for name in ["outbound_http_route_request", "outbound_http_route_backend_response", "inbound_grpc_response"] {
        assert_eq!(within(name), [1.0, 3.0, 3.0, 4.0], "{name}");
        assert_eq!(value(&page, &format!("{name}_frame_size_bytes_sum"), &[]), 21_281.0);
    }
    assert_eq!(within("inbound_grpc_request"), [1.0; 4]);
}

#[test]
fn workers_with_the_same_endpoints_do_not_double_them() {
    let data = DataMetrics::new();
    let work = || {
        let balancer = data.balancer(&LabelSet::new().with("addr", "web:80"));
        balancer.updated(Update::Add);
        balancer.endpoints(2, 1);
        balancer.gate(true, UNIX_EPOCH + 1_500 * MS);
        balancer.carries(Carries::Http, 3_000 * MS);
        balancer.queued(Carries::Http);
        balancer.queued(Carries::Http);
        balancer.queued(Carries::Tls);
        balancer.dequeued(Carries::Http, 6 * MS);
    };
    thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    let page = page(&data);
    let of = |name: &str, labels: &[_]| value(&page, &format!("outbound_http_balancer_{name}"), labels);
    assert_eq!(of("endpoints", &[("endpoint_state", "ready")]), 2.0);
    assert_eq!(of("endpoints", &[("endpoint_state", "pending")]), 1.0);
    assert_eq!(of("p2c_endpoints", &[("addr", "web:80")]), 3.0);
    assert_eq!(of("p2c_updates_total", &[("op", "add")]), 2.0);
    assert_eq!((of("queue_length", &[]), of("queue_requests_total", &[])), (2.0, 4.0));
    assert_eq!(of("queue_latency_seconds_bucket", &[("le", "0.005")]), 0.0);
    assert_eq!(of("queue_latency_seconds_bucket", &[("le", "0.05")]), 2.0);
    assert_eq!(of("queue_gate_open_total", &[]), 1.0);
    assert_eq!(of("queue_gate_timeout_seconds", &[]), 3.0);
    assert!(!page.contains("outbound_tls_balancer_queue_length{"), "no route of TLS leads there");
}

#[test]
fn a_gate_is_open_or_shut_since_the_last_change_that_a_worker_knows_of() {
    let data = DataMetrics::new();
    let web = || data.balancer(&LabelSet::new().with("addr", "web:80"));
    let balancer = web();
    let at = |ms: u32| UNIX_EPOCH + ms * MS;
    let expect = |since: [f64; 2], total: [f64; 2]| {
        let page = page(&data);
        let of = |what: &str| {
            ["open", "shut"].map(|state| value(&page, &format!("outbound_tcp_balancer_queue_gate_{state}_{what}"), &[]))
        };
        assert_eq!((of("time_seconds"), of("total")), (since, total));
    };
    balancer.carries(Carries::Tcp, MS);
    expect([0.0, 0.0], [0.0, 0.0]);
    balancer.gate(true, at(1_000));
    thread::scope(|scope| drop(scope.spawn(|| web().gate(true, at(1_000)))));
    expect([1.0, 0.0], [1.0, 0.0]);
    balancer.gate(false, at(2_500));
    expect([0.0, 2.5], [1.0, 1.0]);
    balancer.gate(true, at(4_000));
    expect([4.0, 0.0], [2.0, 1.0]);
}

#[test]
fn a_gate_that_nobody_follows_for_a_while_does_not_open_anew() {
    let data = DataMetrics::new();
    let balancer = data.balancer(&LabelSet::new().with("addr", "web:80"));
    balancer.carries(Carries::Tcp, MS);
    let of = |name: &str| value(&page(&data), &format!("outbound_tcp_balancer_queue_gate_open_{name}"), &[]);
    balancer.gate(true, UNIX_EPOCH + 1_000 * MS);
    balancer.forget();
    assert_eq!((of("time_seconds"), of("total")), (0.0, 1.0));
    balancer.gate(true, UNIX_EPOCH + 3_000 * MS);
    assert_eq!((of("time_seconds"), of("total")), (3.0, 1.0));
}

#[test]
fn detections_are_told_apart_by_direction() {
    let data = DataMetrics::new();
    data.detection(Direction::Inbound).done(Found::Http2, MS);
    data.detection(Direction::Outbound).done(Found::TimedOut, 10_000 * MS);
    let page = page(&data);
    let found =
        |direction, result| value(&page, &format!("{direction}_tcp_detect_http_results_total"), &[("result", result)]);
    assert_eq!((found("inbound", "http/2"), found("inbound", "read_timeout")), (1.0, 0.0));
    assert_eq!(found("outbound", "read_timeout"), 1.0);
    assert_eq!(value(&page, "inbound_tcp_detect_http_duration_seconds_bucket", &[("le", "0.001")]), 1.0);
}
