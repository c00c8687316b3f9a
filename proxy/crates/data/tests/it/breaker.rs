//! Endpoints that fail are left alone for a while.

use std::future::poll_fn;
use std::time::Duration;

use h2::Reason;
use hauberk_core::outbound::{Backoff, Breaker};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::support::calls::{Caller, Calls, read};
use crate::support::client::{Http1, Http2, body, get, post2};
use crate::support::program::{Program, Taken};
use crate::support::proxy::{Authority, Proxy};

use crate::support::script::Script;
use crate::support::table::{Table, breaking, endpoint};
use crate::support::talk::Talk;
use crate::support::ways::{CLIENT, Way, Ways};
use crate::support::{eventually, run};

const FAILS: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n";

/// Leaves an endpoint alone after three failures in a row.
fn breaker(pause: Duration) -> Breaker {
    Breaker {
        max_consecutive_failures: 3,
        success_rate: None,
        backoff: Backoff { min: pause, max: pause, jitter: 0.0 },
        respect_retry_after: false,
        min_ready: 0,
    }
}

const LONG: Duration = Duration::from_secs(600);

fn call() -> Request<()> {
    Request::post("http://web/svc/Method").header("content-type", "application/grpc").body(()).unwrap()
}

#[test]
fn an_endpoint_that_fails_in_a_row_is_left_alone_and_the_others_take_everything() {
    run(async {
        let (table, program, broken) = (Table::new(), Program::start().await, Script::start(FAILS, false).await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.target.send_replace(Some(breaking(&breaker(LONG))));
        table.set_endpoints([endpoint(broken.addr)]);
        let mut client = Http1::connect(outbound.addr).await;
        for _ in 0..3 {
            assert_eq!(client.send(get("/").body(body("")).unwrap()).await.status, StatusCode::INTERNAL_SERVER_ERROR);
        }
        let answer = client.send(get("/").body(body("")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::GATEWAY_TIMEOUT, "nobody is left");
        assert!(answer.headers["l5d-proxy-error"].to_str().unwrap().contains("left alone"));
        let call = post2("/svc/Method").header("content-type", "application/grpc").body(body("")).unwrap();
        let answer = Http2::connect(outbound.addr).await.send(call).await;
        assert_eq!(answer.headers["grpc-status"], "4");
        // Those that wait make the other one look dear; it gets everything all the same.
        table.set_endpoints([endpoint(broken.addr), endpoint(program.addr)]);
        program.hangs.set(true);
        let client = Http2::connect(outbound.addr).await;
        for _ in 0..100 {
            let mut client = client.clone();
            tokio::task::spawn_local(async move { client.send(post2("/").body(body("")).unwrap()).await });
        }
        eventually(|| outbound.count("request_total", &[]) == 103.0).await;
        eventually(|| program.requests() == 100).await;
        assert_eq!(broken.heard(0).matches("GET / ").count(), 3);
    });
}

#[test]
fn one_request_probes_after_the_pause_and_its_success_closes_the_circuit() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(breaking(&breaker(Duration::from_millis(1)))));
        let mut client = Talk::to(addr).await;
        let mut program = fail_thrice(&ways, &mut client).await;
        // Without a pause to speak of; a probe that fails opens the circuit again.
        probed(&mut client, &mut program).await;
        program.say(FAILS).await;
        client.head().await;
        probed(&mut client, &mut program).await;
        // While the probe is on its way nobody else is let through.
        let mut other = Talk::to(addr).await;
        other.say(GET).await;
        assert!(other.head().await.starts_with("HTTP/1.1 504 "));
        program.say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        let mut clients = [client, Talk::to(addr).await];
        for client in &mut clients {
            client.say(GET).await;
        }
        program.head().await;
        ways.served().await.head().await;
    });
}

/// Opens the circuit of the program.
async fn fail_thrice(ways: &Ways, client: &mut Talk) -> Talk {
    client.say(GET).await;
    let mut program = ways.served().await;
    for failure in 1.. {
        program.head().await;
        program.say(FAILS).await;
        assert!(client.head().await.starts_with("HTTP/1.1 500 "));
        if failure == 3 {
            break;
        }
        client.say(GET).await;
    }
    program
}

/// Asks until a request is let through, which the program has heard then.
async fn probed(client: &mut Talk, program: &mut Talk) {
    loop {
        client.say(GET).await;
        tokio::select! {
            _ = program.head() => return,
            refusal = client.answer() => assert!(refusal.starts_with("HTTP/1.1 504 "), "{refusal}"),
        }
    }
}

#[test]
fn the_code_in_the_trailers_of_a_call_counts() {
    run(async {
        let (table, program) = (Table::new(), Taken::start().await);
        let outbound = Proxy::outbound(&Authority::new(), CLIENT, &table).await;
        table.target.send_replace(Some(breaking(&breaker(LONG))));
        table.set_endpoints([endpoint(program.addr)]);
        let client = Caller::to(outbound.addr).await;
        let mut calls = None;
        for code in [13, 0, 13, 13, 13, 14] {
            let (response, _) = client.call(call(), true).await;
            if code != 14 {
                let calls = match &mut calls {
                    Some(calls) => calls,
                    calls => calls.insert(Calls::over(program.next().await).await),
                };
                let (_, mut respond) = calls.next().await;
                let mut stream = respond.send_response(Response::new(()), false).unwrap();
                stream.send_data("half".into(), false).unwrap();
                let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from(code))]);
                stream.send_trailers(trailers).unwrap();
                let mut body = response.await.unwrap().into_body();
                read(&mut body).await.unwrap();
                assert_eq!(body.trailers().await.unwrap().unwrap()["grpc-status"], code.to_string());
            } else {
                // The success between has forgiven the first failure: this is after the third one in a row.
                let answer = response.await.unwrap();
                assert!(answer.headers()["l5d-proxy-error"].to_str().unwrap().contains("left alone"));
            }
        }
    });
}

#[test]
fn a_client_that_goes_away_is_no_failure_of_the_endpoint() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(breaking(&breaker(LONG))));
        for _ in 0..4 {
            let mut client = Talk::to(addr).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            client.reset();
            program.rest().await;
        }
        // A call that is half answered has no outcome yet either.
        let mut calls = None;
        for _ in 0..4 {
            let client = Caller::to(addr).await;
            let (response, mut upload) = client.call(call(), true).await;
            let calls = match &mut calls {
                Some(calls) => calls,
                calls => calls.insert(Calls::over(ways.program.next().await).await),
            };
            let mut stream = calls.next().await.1.send_response(Response::new(()), false).unwrap();
            response.await.unwrap();
            upload.send_reset(Reason::CANCEL);
            poll_fn(|cx| stream.poll_reset(cx)).await.unwrap();
        }
        let mut client = Talk::to(addr).await;
        client.say(GET).await;
        ways.served().await.head().await;
    });
}

#[test]
fn a_client_that_goes_away_in_its_body_is_no_failure_of_the_endpoint() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(breaking(&breaker(LONG))));
        for ends in [false, true].repeat(3) {
            let mut client = Talk::to(addr).await;
            client.say(format!("{POST}ha")).await;
            let mut program = ways.served().await;
            program.until("ha").await;
            if ends {
                client.say_no_more().await;
            } else {
                client.reset();
            }
            program.rest().await;
        }
        let mut client = Talk::to(addr).await;
        client.say(GET).await;
        ways.served().await.head().await;
    });
}
