//! The idle time of a route: how long nothing may pass of a request and its answer while one of their bodies is waited for.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use hauberk_core::route::Timeouts;
use http::{Response, StatusCode};

use crate::support::calls::read;
use crate::support::exchange::{Exchange, post};
use crate::support::run;
use crate::support::table::balanced;
use crate::support::talk::End;
use crate::support::ways::{Way, Ways};

const LIMIT: Duration = Duration::from_millis(200);
const WAYS: [Way; 2] = [Way::Both, Way::Outbound];
const IDLE: [&str; 1] = ["error=\"idle timeout\""];

async fn idle() -> Ways {
    let ways = Ways::new().await;
    let timeouts = Timeouts { idle: Some(LIMIT), ..Timeouts::default() };
    ways.table.target.send_replace(Some(balanced(|action| action.timeouts = timeouts)));
    ways
}

#[test]
fn an_answer_that_stops_coming_is_cut_off() {
    run(async {
        for way in WAYS {
            let ways = idle().await;
            let mut client = ways.client(way).await;
            client.say("GET / HTTP/1.0\r\n\r\n").await;
            let mut program = ways.served().await;
            program.head().await;
            program.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n").await;
            client.until("ab").await;
            assert_eq!(client.rest().await, (String::new(), End::Reset), "{way:?}");
            program.rest().await;
            assert_eq!(ways.outbound.count("response_total", &IDLE), 1.0, "{way:?}");
        }
    });
}

#[test]
fn a_stream_that_stops_coming_is_reset() {
    run(async {
        for way in WAYS {
            let ways = idle().await;
            let mut exchange = Exchange::begin(&ways, way, post("/"), true).await;
            let mut down = exchange.call.1.send_response(Response::new(()), false).unwrap();
            down.send_data(Bytes::from_static(b"ab"), false).unwrap();
            let mut body = exchange.response.await.unwrap().into_body();
            assert_eq!(read(&mut body).await.unwrap_err().reason(), Some(Reason::CANCEL), "{way:?}");
            assert_eq!(ways.outbound.count("response_total", &IDLE), 1.0, "{way:?}");
            let status = ["error=\"IDLE_TIMEOUT\""];
            assert_eq!(ways.outbound.count("outbound_http_route_request_statuses_total", &status), 1.0, "{way:?}");
        }
    });
}

#[test]
fn a_request_that_stops_coming_is_answered_for_the_program() {
    run(async {
        for way in WAYS {
            let ways = idle().await;
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo").await;
            let mut program = ways.served().await;
            program.until("bo").await;
            assert!(client.head().await.starts_with("HTTP/1.1 504 "), "{way:?}");
            assert_eq!(program.rest().await.0, "", "{way:?}: it gets no whole request");
            let Exchange { response, mut upload, mut call, calls: _calls, caller: _caller } =
                Exchange::begin(&ways, way, post("/"), false).await;
            upload.send_data(Bytes::from_static(b"bo"), false).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::GATEWAY_TIMEOUT, "{way:?}");
            assert!(read(call.0.body_mut()).await.is_err(), "{way:?}: it gets no whole request");
            assert_eq!(ways.outbound.count("outbound_http_errors_total", &IDLE), 2.0, "{way:?}");
        }
    });
}

#[test]
fn what_passes_in_one_direction_keeps_the_other_one_alive() {
    run(async {
        for way in WAYS {
            let ways = idle().await;
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n").await;
            let mut program = ways.served().await;
            program.until("1\r\nx\r\n").await;
            program.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n").await;
            client.until("ab\r\n").await;
            let begun = Instant::now();
            while begun.elapsed() < LIMIT * 3 {
                client.say("1\r\nx\r\n").await;
                program.until("1\r\nx\r\n").await;
            }
            let begun = Instant::now();
            while begun.elapsed() < LIMIT * 3 {
                program.say("1\r\ny\r\n").await;
                client.until("1\r\ny\r\n").await;
            }
            client.say("0\r\n\r\n").await;
            program.until("0\r\n\r\n").await;
            program.say("0\r\n\r\n").await;
            assert_eq!(client.until("0\r\n\r\n").await, "0\r\n\r\n", "{way:?}");
        }
    });
}

#[test]
fn the_head_of_an_answer_may_take_longer() {
    run(async {
        let ways = idle().await;
        let mut client = ways.client(Way::Both).await;
        client.say("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        let mut program = ways.served().await;
        program.head().await;
        // One that comes later and is cut off shows that the time is over.
        let mut other = ways.client(Way::Both).await;
        other.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbo").await;
        assert!(other.head().await.starts_with("HTTP/1.1 504 "));
        program.say("HTTP/1.1 204 No Content\r\n\r\n").await;
        assert!(client.head().await.starts_with("HTTP/1.1 204 "));
    });
}
