//! What the routes of a port do to requests that reach the program.

use std::sync::Arc;

use hauberk_core::endpoint::ProtocolHint;
use hauberk_core::inbound::{Authentication, GrpcAccess, HttpAccess, HttpRoutes, Protocol};
use hauberk_core::route::{
    FailureInjector, GrpcFilter, GrpcMatch, HeaderMatch, HeaderModifier, HttpFilter, HttpMatch, PathMatch,
    PathModifier, Ratio, Redirect, Route, Rule,
};
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client::{Http1, Http2, body, get, post2, raw};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, meshed, meta, only, server_policy};
use crate::support::{eventually, run};

const WEB: &str = "web.default.serviceaccount.identity.hauberk.cluster.local";
const FRIEND: &str = "friend.default.serviceaccount.identity.hauberk.cluster.local";
const ALL: Ratio = Ratio { numerator: 1, denominator: 1 };

fn modifier() -> HeaderModifier {
    HeaderModifier {
        set: vec![(HeaderName::from_static("x-role"), HeaderValue::from_static("guest"))],
        add: vec![(HeaderName::from_static("l5d-client-id"), HeaderValue::from_static("forged"))],
        remove: vec![HeaderName::from_static("x-secret")],
    }
}

fn moved(path: PathModifier) -> HttpFilter {
    let status = StatusCode::PERMANENT_REDIRECT;
    HttpFilter::Redirect(Redirect { scheme: None, host: None, path: Some(path), port: None, status })
}

fn rule(prefix: &str, filters: Vec<HttpFilter>) -> Rule<HttpMatch, HttpAccess> {
    let path = Some(PathMatch::Prefix(prefix.into()));
    let then = HttpAccess { filters, ..HttpAccess::default() };
    Rule { matches: vec![HttpMatch { path, ..HttpMatch::default() }], then }
}

fn routes(rules: Vec<Rule<HttpMatch, HttpAccess>>) -> HttpRoutes {
    Arc::from([Route { meta: meta("route"), hosts: Vec::new(), rules }])
}

#[test]
fn headers_are_changed_for_whoever_may_and_never_those_of_the_mesh() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let changing = routes(vec![rule("/", vec![HttpFilter::RequestHeaders(modifier())])]);
        table.inbound.send_replace(server_policy(Protocol::Http1(changing), only(FRIEND)));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let friend = Proxy::outbound(&authority, FRIEND, &table).await;
        let request = get("/").header("x-role", "admin").header("x-secret", "1").body(body("")).unwrap();
        assert_eq!(Http1::connect(friend.addr).await.send(request).await.status, StatusCode::OK);
        let seen = program.seen.borrow();
        assert_eq!(seen[0].headers.get_all("x-role").iter().collect::<Vec<_>>(), ["guest"]);
        assert!(seen[0].headers.get("x-secret").is_none());
        assert_eq!(seen[0].headers.get_all("l5d-client-id").iter().collect::<Vec<_>>(), [FRIEND]);
    });
}

#[test]
fn a_redirect_answers_whoever_may_before_the_program_is_asked() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let fail = FailureInjector { status: StatusCode::IM_A_TEAPOT, message: "late".into(), ratio: ALL };
        let moving = || {
            routes(vec![
                rule("/old", vec![moved(PathModifier::Prefix("/new".into())), HttpFilter::Fail(fail.clone())]),
                rule("/all", vec![moved(PathModifier::Full("/one".into()))]),
                rule("/", Vec::new()),
            ])
        };
        table.inbound.send_replace(server_policy(Protocol::Http1(moving()), Authentication::Unauthenticated));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        let plain = Proxy::inbound(&authority, WEB, &table).await;
        plain.original.set(program.addr);
        table.set_endpoints([meshed(program.addr, inbound.addr.port(), WEB, ProtocolHint::Http2)]);
        let outbound = Proxy::outbound(&authority, FRIEND, &table).await;
        let mut client = Http1::connect(outbound.addr).await;
        let answer = client.send(get("/old/a?q").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(answer.headers["location"], "http://web.default.svc.cluster.local/new/a?q");
        assert!(answer.headers.get("l5d-orig-proto").is_none());
        let answer = raw(plain.addr, b"GET /all/x HTTP/1.0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.0 308 ") && answer.contains("\r\nlocation: /one\r\n"), "{answer}");
        assert_eq!(program.requests(), 0);
        assert_eq!(client.send(get("/else").body(body("")).unwrap()).await.status, StatusCode::OK);
        eventually(|| inbound.count("response_total", &["status_code=\"308\""]) == 1.0).await;
        table.inbound.send_replace(server_policy(Protocol::Http1(moving()), only(WEB)));
        let answer = client.send(get("/old/a").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "who may not learns nothing");
    });
}

#[test]
fn a_path_that_can_be_read_in_two_ways_does_not_get_around_a_filter() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let fail = FailureInjector { status: StatusCode::IM_A_TEAPOT, message: "shut".into(), ratio: ALL };
        let rules = vec![
            rule("/guests", vec![HttpFilter::RequestHeaders(modifier())]),
            rule("/shut", vec![HttpFilter::Fail(fail)]),
            rule("/", Vec::new()),
        ];
        table.inbound.send_replace(server_policy(Protocol::Http1(routes(rules)), Authentication::Unauthenticated));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        inbound.original.set(program.addr);
        for (path, status) in [("/a//b", 200), ("/guests//x", 200), ("/x/..%2fguests", 400), ("/x/../shut", 418)] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            let answer = raw(inbound.addr, request.as_bytes()).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        }
        assert_eq!(program.requests(), 2);
    });
}

#[test]
fn headers_of_calls_are_changed_too() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let matches = vec![GrpcMatch { service: "a.B".into(), ..GrpcMatch::default() }];
        let then = GrpcAccess { filters: vec![GrpcFilter::RequestHeaders(modifier())], ..GrpcAccess::default() };
        let rules = vec![Rule { matches, then }];
        let protocol = Protocol::Grpc(Arc::from([Route { meta: meta("route"), hosts: Vec::new(), rules }]));
        table.inbound.send_replace(server_policy(protocol, Authentication::Unauthenticated));
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        inbound.original.set(program.addr);
        let call = post2("/a.B/C").header("content-type", "application/grpc").header("x-secret", "1");
        Http2::connect(inbound.addr).await.send(call.body(body("")).unwrap()).await;
        let seen = program.seen.borrow();
        assert_eq!(seen[0].headers["x-role"], "guest");
        assert!(seen[0].headers.get("x-secret").is_none());
    });
}

#[test]
fn a_tunnel_lasts_by_the_request_as_it_came() {
    run(async {
        let (authority, table, program) = (Authority::new(), Table::new(), Program::start().await);
        let secret = HeaderMatch::Exact(HeaderName::from_static("x-secret"), "1".into());
        let policy = || {
            let mut rule = rule("/", vec![HttpFilter::RequestHeaders(modifier())]);
            rule.matches[0].headers.push(secret.clone());
            server_policy(Protocol::Http1(routes(vec![rule])), Authentication::Unauthenticated)
        };
        table.inbound.send_replace(policy());
        let inbound = Proxy::inbound(&authority, WEB, &table).await;
        inbound.original.set(program.addr);
        let mut socket = TcpStream::connect(inbound.addr).await.unwrap();
        let head = "GET / HTTP/1.1\r\nhost: a\r\nx-secret: 1\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = socket.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 101 "));
        table.inbound.send_replace(policy());
        for _ in 0..3 {
            socket.write_all(b"still there").await.unwrap();
            let read = socket.read(&mut answer).await.unwrap();
            assert_eq!(&answer[..read], b"still there");
        }
    });
}
