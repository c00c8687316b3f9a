//! Requests through two proxies.

use std::sync::Arc;
use std::time::Duration;

use hauberk_core::endpoint::{Endpoint, ProtocolHint};
use hauberk_core::outbound::Target;
use hauberk_core::route::{FailureInjector, HeaderModifier, HttpFilter, PathModifier, Ratio, Redirect, Timeouts};
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::support::client::{Http1, Http2, Pieces, body, get, post2, raw, stream};
use crate::support::nobody::Nobody;
use crate::support::program::{Program, closes_after_each, never_answers};
use crate::support::proxy::{Authority, Proxy, SERVICE_IP};
use crate::support::table::{Table, balanced, endpoint, filter, meshed, retry};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const CLIENT: &str = "client.default.serviceaccount.identity.hauberk.cluster.local";

struct Mesh {
    table: Arc<Table>,
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
            let request = get("/a?b=c")
                .header("l5d-client-id", "forged")
                .header("l5d-dst-override", "x")
                .header("connection", "x-hop")
                .header("x-hop", "1");
            let answer = client.send(request.body(body("ping")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.body, "ping");
            assert!(answer.headers.get("l5d-proxy-error").is_none(), "only proxies may write it");
            assert!(answer.headers.get("l5d-orig-proto").is_none());
        }
        for seen in mesh.program.seen.borrow().iter() {
            assert_eq!((seen.version, &*seen.target), (Version::HTTP_11, "/a?b=c"));
            assert_eq!(seen.headers["host"], "web.default.svc.cluster.local");
            assert_eq!(seen.headers["l5d-client-id"], CLIENT);
            let l5d = |name: &&HeaderName| name.as_str().starts_with("l5d-");
            assert_eq!(seen.headers.keys().filter(l5d).collect::<Vec<_>>(), ["l5d-client-id"]);
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
fn there_are_several_ways_to_a_proxy() {
    run(async {
        let mesh = mesh().await;
        let direct = |hint| meshed(mesh.program.addr, mesh.inbound.addr.port(), WEB, hint);
        let own_port = |hint| Endpoint { transport_port: None, addr: mesh.inbound.addr, ..direct(hint) };
        let through = |endpoint: Endpoint, original| {
            mesh.table.set_endpoints([endpoint]);
            mesh.inbound.original.set(original);
        };
        let long: &'static str = "long".repeat(100_000).leak();
        for hint in [ProtocolHint::Unknown, ProtocolHint::Http2] {
            for (endpoint, original) in
                [(direct(hint), mesh.inbound.original.get()), (own_port(hint), mesh.program.addr)]
            {
                let before = mesh.inbound.original.get();
                through(endpoint, original);
                let request = Request::post("/").header("host", "web").body(body(long)).unwrap();
                let answer = Http1::connect(mesh.outbound.addr).await.send(request).await;
                assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, long.len()));
                let answer = Http2::connect(mesh.outbound.addr).await.send(post2("/").body(body(long)).unwrap()).await;
                assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, long.len()));
                mesh.inbound.original.set(before);
            }
        }
        let seen = mesh.program.seen.borrow();
        assert!(seen.iter().all(|seen| seen.headers["l5d-client-id"] == CLIENT));
        let versions: Vec<Version> = seen.iter().map(|seen| seen.version).collect();
        assert_eq!(versions, [Version::HTTP_11, Version::HTTP_2].repeat(4));
    });
}

#[test]
fn a_server_that_dies_on_a_request_costs_only_what_may_not_be_repeated() {
    run(async {
        let mesh = mesh().await;
        let dying = meshed(never_answers().await, mesh.inbound.addr.port(), WEB, ProtocolHint::Http2);
        mesh.table.set_endpoints([dying.clone(), endpoint(mesh.program.addr)]);
        let mut client = Http1::connect(mesh.outbound.addr).await;
        for _ in 0..20 {
            assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        }
        mesh.table.set_endpoints([dying]);
        let once = Request::post("/").header("host", "web").body(body("once")).unwrap();
        let answer = client.send(once).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert!(answer.headers.get("l5d-hauberk-unanswered").is_none());
        assert_eq!(mesh.program.requests(), 20);
    });
}

#[test]
fn a_panic_ends_one_connection_only() {
    run(async {
        let mesh = mesh().await;
        let mut healthy = Http1::connect(mesh.outbound.addr).await;
        assert_eq!(healthy.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        mesh.outbound.original.set((SERVICE_IP, 666).into());
        assert_eq!(raw(mesh.outbound.addr, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, "");
        assert_eq!(healthy.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        assert_eq!(mesh.outbound.worker.open(), 1);
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
fn both_directions_stream_at_the_same_time() {
    run(async {
        let mesh = mesh().await;
        let (pieces, body) = mpsc::unbounded_channel();
        let request = post2("/stream").header("content-type", "application/grpc").header("te", "trailers");
        pieces.send(Frame::data("0".into())).unwrap();
        let mut response = stream(mesh.outbound.addr, request.body(Pieces(body)).unwrap()).await.into_body();
        for round in 1..5 {
            let frame = response.frame().await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), (round - 1).to_string());
            pieces.send(Frame::data(round.to_string().into())).unwrap();
        }
        let trailers = HeaderMap::from_iter([(HeaderName::from_static("x-end"), HeaderValue::from_static("1"))]);
        pieces.send(Frame::trailers(trailers.clone())).unwrap();
        drop(pieces);
        assert_eq!(response.collect().await.unwrap().trailers(), Some(&trailers));
    });
}

#[test]
fn a_program_may_close_idle_connections() {
    run(async {
        let mesh = mesh().await;
        let closing = closes_after_each().await;
        for closing in [endpoint(closing), meshed(closing, mesh.inbound.addr.port(), WEB, ProtocolHint::Http2)] {
            mesh.table.set_endpoints([closing]);
            let mut client = Http1::connect(mesh.outbound.addr).await;
            for _ in 0..20 {
                let request = Request::post("/").header("host", "web").body(body("once")).unwrap();
                assert_eq!(client.send(request).await.status, StatusCode::OK);
            }
        }
    });
}

#[test]
fn one_workload_may_be_the_destination_itself() {
    run(async {
        let mesh = mesh().await;
        let endpoint = Arc::new(meshed(mesh.program.addr, mesh.inbound.addr.port(), WEB, ProtocolHint::Http2));
        for opaque in [false, true] {
            mesh.table.target.send_replace(Some(Target::Endpoint { endpoint: endpoint.clone(), opaque }));
            let answer = Http1::connect(mesh.outbound.addr).await.send(get("/").body(body("")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
        let through = mesh.inbound.count("inbound_tcp_authz_allow_total", &["tls=\"true\""]);
        assert_eq!((mesh.program.requests(), through), (2, 1.0));
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
        for proxy in [&mesh.inbound, &mesh.outbound] {
            assert_eq!(proxy.count("response_total", &["status_code=\"101\"", "classification=\"success\""]), 1.0);
        }
    });
}

#[test]
fn an_endpoint_that_refuses_connections_costs_no_request() {
    run(async {
        let mesh = mesh().await;
        let nobody = Nobody::new();
        mesh.table.set_endpoints([endpoint(nobody.addr), endpoint(mesh.program.addr)]);
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
        let nobody = Nobody::new();
        let down = meshed(nobody.addr, inbound.addr.port(), WEB, ProtocolHint::Http2);
        table.set_endpoints([down, endpoint(program.addr)]);
        let mut client = Http1::connect(outbound.addr).await;
        for _ in 0..20 {
            let request = Request::post("/").header("host", "web").body(body("once")).unwrap();
            assert_eq!(client.send(request).await.status, StatusCode::OK);
        }
        assert_eq!(program.requests(), 20);
        assert!(outbound.count("response_total", &["status_code=\"502\"", "error=\"refused\""]) >= 1.0);
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
        let mut idle = Http1::connect(mesh.outbound.addr).await;
        assert_eq!(idle.send(get("/").body(body("")).unwrap()).await.status, StatusCode::OK);
        mesh.program.hangs.set(true);
        let mut busy = Http2::connect(mesh.outbound.addr).await;
        let request = post2("/").body(body("late")).unwrap();
        let answer = tokio::task::spawn_local(async move { busy.send(request).await });
        eventually(|| mesh.program.requests() == 2).await;
        mesh.outbound.drain.begin();
        eventually(|| mesh.outbound.worker.open() == 1).await;
        mesh.program.released.notify_one();
        let answer = answer.await.unwrap();
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"late"[..]));
        eventually(|| mesh.outbound.worker.open() == 0).await;
    });
}
