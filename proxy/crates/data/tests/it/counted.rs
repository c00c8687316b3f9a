//! What is counted of requests and connections beside their endpoints: routes, backends, balancers, detection.

use std::time::Duration;

use hauberk_core::route::Timeouts;
use http::StatusCode;

use crate::support::client::{Http1, body, get, raw};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, balanced, endpoint, retry};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

#[test]
fn a_request_counts_once_on_its_route_and_each_try_at_the_backend() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(program.addr)]);
        table.target.send_replace(Some(balanced(|action| action.retry = Some(retry(503)))));
        let mut client = Http1::connect(outbound.addr).await;
        program.statuses.borrow_mut().extend([StatusCode::SERVICE_UNAVAILABLE; 2]);
        assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        program.statuses.borrow_mut().extend([StatusCode::SERVICE_UNAVAILABLE; 5]);
        assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::SERVICE_UNAVAILABLE);
        let route = |family: &str, status: &str| {
            let name = format!("outbound_http_route_{family}");
            outbound.count(&name, &["parent_name=\"web\"", "route_name=\"http\"", "hostname=\"\"", status])
        };
        eventually(|| route("request_statuses_total", "") == 2.0).await;
        assert_eq!(route("request_statuses_total", "http_status=\"200\",error=\"\""), 1.0);
        assert_eq!(route("request_statuses_total", "http_status=\"503\",error=\"\""), 1.0);
        assert_eq!(route("request_duration_seconds_count", ""), 2.0);
        assert_eq!((route("backend_requests_total", "backend_name=\"web\""), program.requests()), (6.0, 6));
        assert_eq!(route("backend_response_statuses_total", "http_status=\"503\""), 5.0);
        assert_eq!((route("retry_requests_total", ""), route("retry_successes_total", "")), (4.0, 1.0));
        assert_eq!(route("retry_limit_exceeded_total", ""), 1.0);
        assert_eq!(outbound.count("outbound_http_balancer_endpoints", &["addr=\"web", "ready"]), 1.0);
        assert_eq!(outbound.count("outbound_http_balancer_p2c_updates_total", &["op=\"add\""]), 1.0);
        assert_eq!(outbound.count("outbound_tcp_protocol_connections_total", &["protocol=\"detect\""]), 1.0);
        assert_eq!(outbound.count("outbound_tcp_detect_http_results_total", &["result=\"http/1\""]), 1.0);
    });
}

#[test]
fn what_the_proxy_answers_counts_on_the_route_with_its_reason() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        let ended = |labels: &[_]| outbound.count("outbound_http_route_request_statuses_total", labels);
        let answer = Http1::connect(outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ended(&["http_status=\"503\"", "error=\"FAIL_FAST\""]), 1.0);
        table.set_endpoints([endpoint(program.addr)]);
        program.hangs.set(true);
        let limit = Timeouts { request: Some(Duration::from_millis(20)), ..Timeouts::default() };
        table.target.send_replace(Some(balanced(|action| action.timeouts = limit)));
        let answer = Http1::connect(outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(ended(&["http_status=\"504\"", "error=\"REQUEST_TIMEOUT\""]), 1.0);
        let at_backend = "outbound_http_route_backend_response_statuses_total";
        assert_eq!(outbound.count(at_backend, &["error=\"REQUEST_TIMEOUT\""]), 1.0);
    });
}

#[test]
fn a_body_that_is_sent_again_counts_once_and_an_answer_at_its_backend() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.set_endpoints([endpoint(program.addr)]);
        table.target.send_replace(Some(balanced(|action| action.retry = Some(retry(503)))));
        program.statuses.borrow_mut().push(StatusCode::SERVICE_UNAVAILABLE);
        let asked = get("/").method("POST").body(body("five!")).unwrap();
        let answer = Http1::connect(outbound.addr).await.send(asked).await;
        assert_eq!((answer.status, program.requests()), (StatusCode::OK, 2));
        let sum = |what: &str| outbound.count(&format!("outbound_http_route_{what}_frame_size_bytes_sum"), &["web"]);
        eventually(|| sum("backend_response") == answer.body.len() as f64).await;
        assert_eq!(sum("request"), 5.0);
    });
}

#[test]
fn the_inbound_side_counts_routes_and_what_it_detects() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&Authority::new(), WEB, &table).await;
        inbound.original.set(program.addr);
        let asked = b"POST / HTTP/1.1\r\nhost: web\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody";
        let answer = raw(inbound.addr, asked).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let served = |family: &str, label| inbound.count(&format!("inbound_http_{family}"), &["route_name", label]);
        eventually(|| served("statuses_total", "http_status=\"200\"") == 1.0).await;
        assert_eq!(served("requests_total", "parent_port"), 1.0);
        let bytes = |of: &str| served(&format!("{of}_frame_size_bytes_sum"), "");
        assert_eq!((bytes("request"), bytes("response")), (4.0, 4.0), "the program says what it got");
        assert_eq!(inbound.count("inbound_tcp_detect_http_results_total", &["result=\"http/1\""]), 1.0);
    });
}
