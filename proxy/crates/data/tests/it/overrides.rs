//! What a program asks for by headers of its requests.

use std::time::Duration;

use hauberk_core::outbound::Target;
use hauberk_core::route::Timeouts;

use crate::support::calls::{Caller, Calls};
use crate::support::run;
use crate::support::script::Script;
use crate::support::table::{balanced, endpoint, retry};
use crate::support::talk::Talk;
use crate::support::ways::{ALL, Way, Ways};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const FAILS: &str = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// A route that lets programs ask, or not.
fn route(overridable: bool) -> Target {
    balanced(|action| action.allow_l5d_request_headers = overridable)
}

fn ask(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n")
}

/// A client of a program that never answers.
async fn silent(ways: &Ways) -> Talk {
    let addr = ways.through(Way::Outbound);
    ways.table.set_endpoints([endpoint(Script::start(b"", false).await.addr)]);
    Talk::to(addr).await
}

/// What the program has heard is no business of its.
fn is_clean(head: &str) -> bool {
    !head.replace("l5d-client-id", "").contains("l5d-")
}

#[test]
fn a_program_may_ask_for_retries_where_policy_lets_it() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(route(true)));
        let mut client = Talk::to(addr).await;
        client.say(ask("l5d-retry-http: 5xx\r\nl5d-retry-limit: 2")).await;
        let mut program = ways.served().await;
        for answer in [FAILS, FAILS, OK] {
            assert!(is_clean(&program.head().await));
            program.say(answer).await;
        }
        assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
        // The limit is the program's, and what it does not name is not repeated.
        client.say(ask("l5d-retry-http: 502\r\nl5d-retry-limit: 2")).await;
        program.head().await;
        program.say(FAILS).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 503 "));
        client.say(ask("l5d-retry-http: gateway-error\r\nl5d-retry-limit: 1")).await;
        for _ in 0..2 {
            program.head().await;
            program.say(FAILS).await;
        }
        assert!(client.answer().await.starts_with("HTTP/1.1 503 "));
        assert!(program.is_silent());
    });
}

#[test]
fn a_program_may_ask_for_retries_of_calls() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(route(true)));
        let client = Caller::to(addr).await;
        let request = http::Request::post("http://web/svc/Method").header("content-type", "application/grpc");
        let request = request.header("l5d-retry-grpc", "unavailable").body(()).unwrap();
        let (response, _) = client.call(request, true).await;
        let mut program = Calls::over(ways.program.next().await).await;
        for code in ["14", "0"] {
            let (request, mut respond) = program.next().await;
            assert!(!request.headers().contains_key("l5d-retry-grpc"));
            respond
                .send_response(http::Response::builder().header("grpc-status", code).body(()).unwrap(), true)
                .unwrap();
        }
        assert_eq!(response.await.unwrap().headers()["grpc-status"], "0");
    });
}

#[test]
fn a_program_may_ask_for_limits_of_time_where_policy_lets_it() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(route(true)));
        for limit in ["l5d-timeout: 1ms", "l5d-response-timeout: 1ms"] {
            let mut client = silent(&ways).await;
            client.say(ask(limit)).await;
            assert!(client.head().await.starts_with("HTTP/1.1 504 "), "{limit}");
        }
        ways.through(Way::Outbound);
        // It may ask for more than the rule gives as well: no limit at all.
        let limit = Timeouts { request: Some(Duration::from_millis(1)), ..Timeouts::default() };
        ways.table.target.send_replace(Some(balanced(|action| {
            action.allow_l5d_request_headers = true;
            action.timeouts = limit;
        })));
        let mut client = Talk::to(addr).await;
        client.say(ask("l5d-timeout: 0")).await;
        let mut program = ways.served().await;
        program.head().await;
        let mut other = Talk::to(addr).await;
        other.say(ask("x: y")).await;
        assert!(other.head().await.starts_with("HTTP/1.1 504 "), "the rule's own limit was over meanwhile");
        program.say(OK).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
    });
}

#[test]
fn a_try_that_takes_too_long_is_followed_by_another() {
    run(async {
        let ways = Ways::new().await;
        ways.table.target.send_replace(Some(balanced(|action| {
            action.allow_l5d_request_headers = true;
            action.retry = Some(retry(503));
        })));
        let mut client = silent(&ways).await;
        client.say(ask("l5d-retry-timeout: 1ms\r\nl5d-retry-limit: 3")).await;
        assert!(client.head().await.starts_with("HTTP/1.1 504 "));
        assert_eq!(ways.outbound.count("request_total", &[]), 4.0);
    });
}

#[test]
fn where_policy_does_not_let_it_what_a_program_asks_for_is_taken_off_and_nothing_else() {
    run(async {
        let ways = Ways::new().await;
        ways.table.target.send_replace(Some(route(false)));
        let asked = "l5d-retry-http: 5xx\r\nl5d-retry-limit: 3\r\nl5d-retry-timeout: 1ms\r\nl5d-timeout: 1ms\r\n\
                     l5d-response-timeout: 1ms\r\nl5d-retry-grpc: internal\r\nx-l5d-timeout: 1";
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(ask(asked)).await;
            let mut program = ways.served().await;
            let head = program.head().await;
            assert!(is_clean(&head.replace("x-l5d-timeout: 1\r\n", "")) && head.contains("x-l5d-timeout: 1"), "{head}");
            // A limit of a millisecond would be over when a whole other request is.
            let mut other = ways.client(way).await;
            other.say(ask("x: y")).await;
            let mut second = ways.served().await;
            second.head().await;
            second.say(OK).await;
            other.answer().await;
            program.say(FAILS).await;
            assert!(client.answer().await.starts_with("HTTP/1.1 503 "), "{way:?}");
        }
    });
}

#[test]
fn headers_that_make_no_sense_ask_for_nothing_and_are_taken_off_all_the_same() {
    run(async {
        let ways = Ways::new().await;
        let addr = ways.through(Way::Outbound);
        ways.table.target.send_replace(Some(route(true)));
        let mut client = Talk::to(addr).await;
        client.say(ask("l5d-retry-http: sometimes\r\nl5d-timeout: soon\r\nl5d-retry-limit: -1")).await;
        let mut program = ways.served().await;
        assert!(is_clean(&program.head().await));
        program.say(FAILS).await;
        assert!(client.answer().await.starts_with("HTTP/1.1 503 "));
    });
}
