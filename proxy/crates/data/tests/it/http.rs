//! Requests through two proxies.

use std::time::Duration;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::outbound::Target;
use hauberk_core::route::{FailureInjector, HeaderModifier, HttpFilter, PathModifier, Ratio, Redirect, Timeouts};
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Request, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::program::{Program, nobody};
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, balanced, endpoint, filter, meshed, retry};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

struct Mesh {
    table: std::sync::Arc<Table>,
    program: Program,
    inbound: Proxy,
    outbound: Proxy,
}

async fn mesh() -> Mesh {
    let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
    let inbound = Proxy::inbound(&authority, WEB, &table).await;
    let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
    table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
    Mesh { table, program, inbound, outbound }
}

#[test]
fn http1_passes_through_a_shared_connection_and_comes_out_as_it_was() {
    run(async {
        let mesh = mesh().await;
        let mut client = Http1::connect(mesh.outbound.addr).await;
        for _ in 0..3 {
            let request = get("/a?b=c").header("l5d-client-id", "forged").header("connection", "x-hop").header("x-hop", "1");
            let answer = client.send(request.body(body("ping")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.body, "ping");
            assert!(answer.headers.get("l5d-proxy-error").is_none(), "only proxies may write it");
            assert!(answer.headers.get("l5d-orig-proto").is_none());
        }
        let seen = mesh.program.seen.borrow();
        for seen in seen.iter() {
            assert_eq!((seen.version, &*seen.target), (Version::HTTP_11, "/a?b=c"));
            assert_eq!(seen.headers["host"], "web.default.svc.cluster.local");
            assert_eq!(seen.headers["l5d-client-id"], CLIENT);
            assert!(seen.headers.get("l5d-orig-proto").is_none());
            assert!(seen.headers.get("x-hop").is_none(), "it was for one hop only");
        }
        assert_eq!(mesh.inbound.count("tcp_open_total", &["peer=\"src\"", "tls=\"true\""]), 1.0, "requests share it");
        assert_eq!(mesh.outbound.count("request_total", &["tls=\"true\"", &format!("server_id=\"{WEB}\"")]), 3.0);
        let success = ["classification=\"success\"", "status_code=\"200\""];
        eventually(|| mesh.outbound.count("response_total", &success) == 3.0).await;
        eventually(|| mesh.inbound.count("response_total", &success) == 3.0).await;
    });
}

#[test]
fn http2_keeps_its_trailers() {
    run(async {
        let mesh = mesh().await;
        let mut client = Http2::connect(mesh.outbound.addr).await;
        let request = post2("/svc/Method").header("content-type", "application/grpc").header("te", "trailers");
        let answer = client.send(request.body(body("call")).unwrap()).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"call"[..]));
        assert_eq!(answer.trailers.unwrap()["grpc-status"], "0");
        assert_eq!(mesh.program.seen.borrow()[0].version, Version::HTTP_2);
        eventually(|| mesh.outbound.count("response_total", &["grpc_status=\"0\""]) == 1.0).await;
    });
}

#[test]
fn an_upgrade_becomes_a_tunnel() {
    run(async {
        let mesh = mesh().await;
        let mut client = Http1::connect(mesh.outbound.addr).await;
        let request = get("/ws").header("connection", "upgrade").header("upgrade", "echo");
        let response = client.open(request.body(body("")).unwrap()).await;
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers()["upgrade"], "echo");
        let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
        tunnel.write_all(b"no HTTP\n at all").await.unwrap();
        let mut echoed = [0; 15];
        tunnel.read_exact(&mut echoed).await.unwrap();
        assert_eq!(&echoed, b"no HTTP\n at all");
    });
}

#[test]
fn an_endpoint_that_refuses_connections_costs_no_request() {
    run(async {
        let mesh = mesh().await;
        mesh.table.set_endpoints([endpoint(nobody().await), endpoint(mesh.program.addr)]);
        let mut client = Http1::connect(mesh.outbound.addr).await;
        for _ in 0..20 {
            let request = Request::post("/").header("host", "web").body(body("once")).unwrap();
            let answer = client.send(request).await;
            assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"once"[..]));
        }
        assert_eq!(mesh.program.requests(), 20);
    });
}

#[test]
fn a_proxy_whose_program_is_down_hands_the_request_back() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let outbound = Proxy::outbound(&authority, CLIENT, &table).await;
        let down = meshed(nobody().await, inbound.addr.port(), WEB, ProtocolHint::Http2);
        table.set_endpoints([down, endpoint(program.addr)]);
        let mut client = Http1::connect(outbound.addr).await;
        for _ in 0..20 {
            let request = Request::post("/").header("host", "web").body(body("once")).unwrap();
            assert_eq!(client.send(request).await.status, StatusCode::OK);
        }
        assert_eq!(program.requests(), 20);
        assert!(outbound.count("response_total", &["status_code=\"502\"", "error=\"i/o\""]) >= 1.0);
    });
}

#[test]
fn a_service_without_endpoints_says_so_at_once() {
    run(async {
        let mesh = mesh().await;
        mesh.table.set_endpoints([]);
        let answer = Http1::connect(mesh.outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        let reason = answer.headers["l5d-proxy-error"].to_str().unwrap();
        assert!(reason.contains("web.default.svc.cluster.local:80"), "{reason}");
        let call = post2("/svc/Method").header("content-type", "application/grpc").body(body("")).unwrap();
        let answer = Http2::connect(mesh.outbound.addr).await.send(call).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.headers["grpc-status"], "14");
    });
}

#[test]
fn a_new_policy_holds_for_the_next_request_of_an_open_connection() {
    run(async {
        let mesh = mesh().await;
        let mut client = Http1::connect(mesh.outbound.addr).await;
        assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        mesh.table.target.send_replace(Some(Target::Refused("not any more".into())));
        let answer = client.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(mesh.program.requests(), 1);
    });
}

#[test]
fn policy_retries_and_gives_up() {
    run(async {
        let mesh = mesh().await;
        mesh.table.target.send_replace(Some(balanced(|action| action.retry = Some(retry(503)))));
        let mut client = Http1::connect(mesh.outbound.addr).await;
        mesh.program.statuses.borrow_mut().extend([StatusCode::SERVICE_UNAVAILABLE; 2]);
        let answer = client.send(get("/").body(body("again")).unwrap()).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"again"[..]));
        assert_eq!(mesh.program.requests(), 3);
        mesh.program.statuses.borrow_mut().extend([StatusCode::SERVICE_UNAVAILABLE; 5]);
        assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(mesh.program.requests(), 6);
    });
}

#[test]
fn a_request_that_takes_too_long_is_answered_for_the_program() {
    run(async {
        let mesh = mesh().await;
        let limit = Timeouts { request: Some(Duration::from_millis(20)), ..Timeouts::default() };
        mesh.table.target.send_replace(Some(balanced(|action| action.timeouts = limit)));
        mesh.program.hangs.set(true);
        let answer = Http1::connect(mesh.outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT);
    });
}

#[test]
fn filters_change_heads_and_answer_for_the_program() {
    run(async {
        let mesh = mesh().await;
        let set = |name, value| HeaderModifier {
            set: vec![(HeaderName::from_static(name), HeaderValue::from_static(value))],
            ..HeaderModifier::default()
        };
        mesh.table.target.send_replace(Some(balanced(|action| {
            action.filters.push(HttpFilter::RequestHeaders(set("x-there", "1")));
            action.filters.push(HttpFilter::ResponseHeaders(set("x-back", "2")));
        })));
        let mut client = Http1::connect(mesh.outbound.addr).await;
        let answer = client.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.headers["x-back"], "2");
        assert_eq!(mesh.program.seen.borrow()[0].headers["x-there"], "1");
        let redirect = Redirect {
            scheme: Some(Scheme::HTTPS),
            host: None,
            path: Some(PathModifier::Full("/new".into())),
            port: None,
            status: StatusCode::MOVED_PERMANENTLY,
        };
        mesh.table.target.send_replace(Some(balanced(filter(HttpFilter::Redirect(redirect)))));
        let answer = client.send(get("/old?q").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::MOVED_PERMANENTLY);
        assert_eq!(answer.headers["location"], "https://web.default.svc.cluster.local/new?q");
        let ratio = Ratio { numerator: 1, denominator: 1 };
        let fail = FailureInjector { status: StatusCode::IM_A_TEAPOT, message: "on purpose".into(), ratio };
        mesh.table.target.send_replace(Some(balanced(filter(HttpFilter::Fail(fail)))));
        assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::IM_A_TEAPOT);
        assert_eq!(mesh.program.requests(), 1);
    });
}

#[test]
fn the_program_may_demand_who_answers() {
    run(async {
        let mesh = mesh().await;
        let mut client = Http1::connect(mesh.outbound.addr).await;
        let right = get("/").header("l5d-require-id", WEB).body(body("")).unwrap();
        assert_eq!(client.send(right).await.status, StatusCode::OK);
        let wrong = get("/").header("l5d-require-id", CLIENT).body(body("")).unwrap();
        assert_eq!(client.send(wrong).await.status, StatusCode::BAD_GATEWAY);
        assert!(mesh.program.seen.borrow()[0].headers.get("l5d-require-id").is_none());
    });
}

#[test]
fn draining_lets_requests_finish_and_ends_idle_connections() {
    run(async {
        let mesh = mesh().await;
        let mut client = Http2::connect(mesh.outbound.addr).await;
        assert_eq!(client.send(post2("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        assert_eq!(mesh.outbound.worker.open(), 1);
        mesh.outbound.drain.begin();
        eventually(|| mesh.outbound.worker.open() == 0).await;
    });
}
