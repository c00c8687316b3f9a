//! How much there may be at once, and in a second.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hauberk_core::inbound::{Authentication, ServerPolicy};
use hauberk_core::meta::{Meta, Resource};
use hauberk_core::rate::{Limits, Rates};
use http::{Response, StatusCode};
use tokio::task::JoinSet;

use crate::support::calls::Calls;
use crate::support::client::{Http2, body, post2};
use crate::support::program::Program;
use crate::support::proxy::{Authority, Proxy};
use crate::support::table::{Table, balanced, detect, endpoint, meta, retry, server_policy};
use crate::support::talk::Talk;
use crate::support::ways::{CLIENT, WEB, Way, Ways};
use crate::support::workers::Workers;
use crate::support::{eventually, run};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn a_side_takes_so_many_requests_at_once_and_tells_the_others_to_come_again() {
    run(async {
        let ways = Ways::with(|config| {
            config.inbound.http.in_flight_max = 1;
            config.outbound.http.in_flight_max = 1;
        })
        .await;
        for (way, proxy, side) in [(Way::Outbound, &ways.outbound, "outbound"), (Way::Inbound, &ways.plain, "inbound")]
        {
            let mut first = ways.client(way).await;
            first.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            let mut second = ways.client(way).await;
            second.say(GET).await;
            let head = second.head().await;
            assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("\r\nretry-after: 1\r\n"), "{head}");
            assert_eq!(proxy.count(&format!("{side}_http_errors_total"), &["error=\"loadshed\""]), 1.0);
            // The place is taken to the end of the answer.
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await;
            first.until("\r\n\r\no").await;
            let mut third = ways.client(way).await;
            third.say(GET).await;
            assert!(third.head().await.starts_with("HTTP/1.1 503 "));
            program.say("k").await;
            first.until("k").await;
            first.say(GET).await;
            program.head().await;
            // A client that goes away leaves its place, whether its answer has begun or not.
            first.reset();
            program.rest().await;
            let mut fourth = ways.client(way).await;
            fourth.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            program.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await;
            fourth.until("\r\n\r\no").await;
            fourth.reset();
            program.rest().await;
            let mut fifth = ways.client(way).await;
            fifth.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            program.say(OK).await;
            fifth.until("ok").await;
            assert_eq!(proxy.budgets.inbound.requests.taken() + proxy.budgets.outbound.requests.taken(), 0);
        }
    });
}

/// How many of so many requests that come at once are answered; the others are told to come again.
async fn admitted(workers: &Workers, requests: usize) -> usize {
    let mut clients = Vec::new();
    for _ in 0..requests {
        clients.push(Talk::to(workers.addr).await);
    }
    let mut asking = JoinSet::new();
    for mut client in clients {
        asking.spawn_local(async move {
            client.say(GET).await;
            let head = client.head().await;
            let limited = head.starts_with("HTTP/1.1 429 ") && head.contains("\r\nretry-after: 1\r\n");
            assert!(limited || head.starts_with("HTTP/1.1 200 "), "{head}");
            !limited
        });
    }
    asking.join_all().await.into_iter().filter(|admitted| *admitted).count()
}

fn limited(limits: Limits) -> Arc<ServerPolicy> {
    let policy = server_policy(detect(), Authentication::Unauthenticated);
    Arc::new(ServerPolicy { rate_limits: Some(Arc::new(limits)), ..(*policy).clone() })
}

fn rates(total: u32) -> Rates {
    Rates { meta: None, total: NonZeroU32::new(total), identity: None, overrides: Vec::new() }
}

#[test]
fn four_workers_admit_together_what_policy_gives_one_port_in_a_second() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let begun = Instant::now();
        let mut policy = limited(Limits::new(rates(10), None, begun));
        table.inbound.send_replace(policy.clone());
        let workers = Workers::inbound(WEB, &table, program.addr, |_| {});
        let mut passed = admitted(&workers, 40).await;
        let exact = |admitted: usize| {
            let since = begun.elapsed().as_millis() / 100;
            assert!((10..=10 + since as usize).contains(&admitted), "{admitted} after {since} tenths of a second");
        };
        exact(passed);
        // Another policy with the same limit: what was used stays used.
        let held = policy.rate_limits.clone();
        policy = limited(Limits::new(rates(10), held.as_deref(), Instant::now()));
        table.inbound.send_replace(Arc::new(ServerPolicy { meta: meta("other"), ..(*policy).clone() }));
        passed += admitted(&workers, 40).await;
        exact(passed);
        assert_eq!(program.requests(), passed);
        let refused = ["status_code=\"429\"", "error=\"rate limited\""];
        assert_eq!(workers.count("response_total", &refused) as usize, 80 - passed);
    });
}

#[test]
fn what_is_refused_for_its_rate_is_counted_by_whose_limit_it_is() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let inbound = Proxy::inbound_at(&Authority::new(), WEB, &table, Ipv4Addr::LOCALHOST.into(), |_| {}).await;
        inbound.original.set(program.addr);
        let each = Rates { identity: NonZeroU32::new(1), ..rates(0) };
        let named = Resource {
            group: "policy.linkerd.io".into(),
            kind: "httplocalratelimitpolicy".into(),
            namespace: "default".into(),
            name: "few".into(),
            section: "".into(),
            port: None,
        };
        let named = Rates { meta: Some(Arc::new(Meta::Resource(named))), ..rates(1) };
        let policy =
            "ratelimit_group=\"policy.linkerd.io\",ratelimit_kind=\"httplocalratelimitpolicy\",ratelimit_name=\"few\"";
        let mut client = Talk::to(inbound.addr).await;
        for (rates, labels) in [(each, ["identity", ""]), (named, ["total", policy])] {
            let limits = Limits::new(rates, None, Instant::now());
            limits.admit(&hauberk_core::identity::ClientTls::Plain, Instant::now() + Duration::from_secs(60)).unwrap();
            table.inbound.send_replace(limited(limits));
            client.say(GET).await;
            assert!(client.head().await.starts_with("HTTP/1.1 429 "));
            let [scope, policy] = labels;
            let labels = [policy, "srv_name=", "tls=\"no_identity\"", &format!("ratelimit_scope=\"{scope}\"")];
            assert_eq!(inbound.count("inbound_http_local_ratelimit_total", &labels), 1.0, "{scope}");
        }
        assert_eq!(inbound.count("inbound_http_local_ratelimit_total", &[]), 2.0);
    });
}

#[test]
fn a_call_beyond_the_rate_is_told_so_in_the_language_of_calls() {
    run(async {
        let (table, program) = (Table::new(), Program::start().await);
        let inbound = Proxy::inbound_at(&Authority::new(), WEB, &table, Ipv4Addr::LOCALHOST.into(), |_| {}).await;
        inbound.original.set(program.addr);
        // One in a second, which is used.
        let limits = Limits::new(rates(1), None, Instant::now());
        limits.admit(&hauberk_core::identity::ClientTls::Plain, Instant::now() + Duration::from_secs(60)).unwrap();
        table.inbound.send_replace(limited(limits));
        let call = post2("/svc/Method").header("content-type", "application/grpc").body(body("")).unwrap();
        let answer = Http2::connect(inbound.addr).await.send(call).await;
        assert_eq!((answer.status, answer.headers["grpc-status"].as_bytes()), (StatusCode::OK, &b"8"[..]));
        assert!(answer.headers.contains_key("retry-after"));
        assert_eq!(program.requests(), 0);
    });
}

fn post(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn without_room_for_bodies_requests_pass_and_are_not_repeated() {
    run(async {
        let ways = Ways::with(|config| config.limits.buffers = 3).await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(balanced(|action| action.retry = Some(retry(503)))));
        let fails = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno";
        let mut client = Talk::to(addr).await;
        client.say(post("abcd")).await;
        let mut program = ways.served().await;
        program.until("abcd").await;
        program.say(fails).await;
        assert!(client.until("no").await.starts_with("HTTP/1.1 503 "), "there was no room for its body");
        client.say(post("abc")).await;
        program.until("abc").await;
        assert_eq!(ways.outbound.budgets.buffers.taken(), 3);
        program.say(fails).await;
        program.until("abc").await;
        program.say(OK).await;
        assert!(client.until("ok").await.starts_with("HTTP/1.1 200 "), "three bytes fit");
        eventually(|| ways.outbound.budgets.buffers.taken() == 0).await;
        // What HTTP/2 gets at the least is the protocol's own, whatever the budget is.
        let answer = Http2::connect(ways.through(Way::Outbound));
        let call = async move { answer.await.send(post2("/").body(body("efgh")).unwrap()).await };
        let call = tokio::task::spawn_local(call);
        let mut program = Calls::over(ways.program.next().await).await;
        let (_, mut respond) = program.next().await;
        respond.send_response(Response::new(()), true).unwrap();
        assert_eq!(call.await.unwrap().status, StatusCode::OK);
    });
}

#[test]
fn a_body_takes_no_room_once_nobody_can_ask_for_it_again() {
    run(async {
        let ways = Ways::new().await;
        let mut client = ways.client(Way::Outbound).await;
        client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody").await;
        let mut program = ways.served().await;
        program.until("body").await;
        assert_eq!(ways.outbound.budgets.buffers.taken(), 4);
        program.say("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no").await;
        client.until("\r\n\r\no").await;
        eventually(|| ways.outbound.budgets.buffers.taken() == 0).await;
        program.say("k").await;
        client.until("k").await;
    });
}

#[test]
fn windows_of_http2_come_from_the_budget_and_go_back() {
    run(async {
        const ROOM: usize = 8 * 1024 * 1024;
        let (table, program) = (Table::new(), Program::start().await);
        let ip = Ipv4Addr::LOCALHOST.into();
        let room = |config: &mut hauberk_data::config::Config| config.limits.buffers = ROOM;
        let outbound = Proxy::outbound_at(&Authority::new(), CLIENT, &table, ip, room).await;
        table.set_endpoints([endpoint(program.addr)]);
        let buffers = &outbound.budgets.buffers;
        let most = buffers.total() / 4 * 3; // the rest is for bodies that are kept
        assert_eq!(buffers.taken(), 0);
        let mut clients = Vec::new();
        let mut before = 0;
        for number in 0..20 {
            let mut client = Http2::connect(outbound.addr).await;
            assert_eq!(client.send(post2("/").body(body("small")).unwrap()).await.status, StatusCode::OK);
            let taken = buffers.taken();
            assert!(taken > before || taken + 1024 * 1024 > most, "connection {number} took nothing of what is left");
            assert!(taken <= most);
            before = taken;
            clients.push(client);
        }
        drop(clients);
        // What is left is that of the one connection to the program.
        eventually(|| outbound.worker.open() == 0).await;
        eventually(|| (1..2 * 1024 * 1024).contains(&buffers.taken())).await;
    });
}
