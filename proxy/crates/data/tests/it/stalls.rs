//! Clients that stall, and those that wait for somebody else.

use std::time::Duration;

use bytes::Bytes;
use h2::Reason;
use hauberk_data::config::Config;
use http::{Request, Response, StatusCode};
use tokio::time::timeout;

use crate::support::calls::{Caller, Calls, read};
use crate::support::exchange::{Exchange, post};
use crate::support::talk::{End, Talk};
use crate::support::ways::{ALL, Way, Ways};
use crate::support::{eventually, run};

const LIMIT: Duration = Duration::from_millis(200);
const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// Bodies of which only a part is sent, and then nothing more.
const HALVES: [&str; 2] = ["content-length: 4\r\n\r\nbo", "transfer-encoding: chunked\r\n\r\n2\r\nbo\r\n"];

fn impatient(config: &mut Config) {
    config.limits.stall = Some(LIMIT);
}

fn half(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: a\r\n{body}")
}

/// Clients that were given up, by either proxy.
fn given_up(ways: &Ways) -> f64 {
    let stalled = ["error=\"client stalled\""];
    let inbound = ways.inbound.count("inbound_http_errors_total", &stalled);
    inbound
        + ways.plain.count("inbound_http_errors_total", &stalled)
        + ways.outbound.count("outbound_http_errors_total", &stalled)
}

/// Sends an answer without end, as long as somebody takes it.
async fn answer_without_end(mut program: Talk) {
    program.head().await;
    program.say("HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n").await;
    while program.try_say(&[b'x'; 64 * 1024]).await {}
}

/// Ends once a client that came now has been given up: whoever waits since before has waited for longer.
async fn wait_for_longer_than_the_limit(ways: &Ways, way: Way) {
    let mut client = ways.client(way).await;
    client.say(half(HALVES[1])).await;
    let mut program = ways.served().await;
    program.until("bo").await;
    assert!(client.head().await.starts_with("HTTP/1.1 408 "));
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_given_up() {
    run(async {
        for way in ALL {
            let ways = Ways::with(impatient).await;
            let mut client = Talk::to_with_little_room(ways.through(way)).await;
            client.say(GET).await;
            answer_without_end(ways.served().await).await;
            assert_eq!(client.rest().await.1, End::Reset, "{way:?}");
            assert!(given_up(&ways) >= 1.0, "{way:?}");
        }
    });
}

#[test]
fn a_client_that_does_not_finish_its_request_is_given_up() {
    run(async {
        for way in ALL {
            for body in HALVES {
                let ways = Ways::with(impatient).await;
                let mut client = ways.client(way).await;
                client.say(half(body)).await;
                let mut program = ways.served().await;
                program.until("bo").await;
                assert_eq!(program.rest().await.0.replace("\r\n", ""), "", "{way:?}: it gets no whole request");
                let (answer, end) = client.rest().await;
                assert!(answer.starts_with("HTTP/1.1 408 ") && end == End::Orderly, "{way:?}: {end:?} {answer}");
                assert!(given_up(&ways) >= 1.0, "{way:?}");
            }
        }
    });
}

#[test]
fn a_client_that_does_not_finish_its_request_is_given_up_though_it_is_answered_already() {
    run(async {
        let ways = Ways::with(impatient).await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(half(HALVES[1])).await;
            let mut program = ways.served().await;
            program.until("bo").await;
            program.say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n").await;
            client.until("1\r\na\r\n").await;
            assert!(!client.rest().await.0.ends_with("0\r\n\r\n"), "{way:?}");
            program.rest().await;
        }
    });
}

#[test]
fn a_stream_whose_client_takes_nothing_is_given_up_alone() {
    run(async {
        for way in ALL {
            let ways = Ways::with(impatient).await;
            let mut exchange = Exchange::begin(&ways, way, post("/"), true).await;
            let mut down = exchange.call.1.send_response(Response::new(()), false).unwrap();
            let mut body = exchange.response.await.unwrap().into_body();
            let sending = async move {
                let large = Bytes::from(vec![b'x'; 4 * 1024 * 1024]);
                let _ = crate::support::calls::send(&mut down, large, true).await;
            };
            tokio::task::spawn_local(sending);
            // What is not given back is not taken.
            let error = loop {
                match body.data().await.expect("it has no end") {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert_eq!(error.reason(), Some(Reason::CANCEL), "{way:?}");
            assert!(given_up(&ways) >= 1.0, "{way:?}");
            let (response, _) = exchange.caller.call(post("/"), true).await;
            let (_, mut respond) = exchange.calls.next().await;
            respond.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
        }
    });
}

#[test]
fn a_stream_with_a_body_that_was_announced_and_does_not_come_is_given_up() {
    run(async {
        for way in ALL {
            let ways = Ways::with(impatient).await;
            let request = Request::post("http://web/").header("content-length", "4").body(()).unwrap();
            let Exchange { response, mut upload, mut call, calls: _calls, caller: _caller } =
                Exchange::begin(&ways, way, request, false).await;
            upload.send_data(Bytes::from_static(b"bo"), false).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::REQUEST_TIMEOUT, "{way:?}");
            assert!(read(call.0.body_mut()).await.is_err(), "{way:?}: it gets no whole request");
            assert!(given_up(&ways) >= 1.0, "{way:?}");
        }
    });
}

#[test]
fn who_waits_for_a_silent_program_is_left_alone() {
    run(async {
        let ways = Ways::with(impatient).await;
        for way in ALL {
            let mut client = ways.client(way).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            // Its body is not to be sent before the program says so.
            let mut waits = ways.client(way).await;
            waits.say("POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n").await;
            let mut undecided = ways.served().await;
            undecided.head().await;
            wait_for_longer_than_the_limit(&ways, way).await;
            program.say(OK).await;
            assert!(client.until("ok").await.starts_with("HTTP/1.1 200 "), "{way:?}");
            undecided.say("HTTP/1.1 100 Continue\r\n\r\n").await;
            assert!(waits.head().await.starts_with("HTTP/1.1 100 "), "{way:?}");
            waits.say("body").await;
            undecided.until("body").await;
            undecided.say(OK).await;
            assert!(waits.until("ok").await.starts_with("HTTP/1.1 200 "), "{way:?}");
        }
    });
}

#[test]
fn streams_without_an_announced_end_may_be_silent_for_as_long_as_they_like() {
    run(async {
        for way in ALL {
            let ways = Ways::with(impatient).await;
            let Exchange { response, mut upload, mut call, calls: _calls, caller: _caller } =
                Exchange::begin(&ways, way, post("/svc/Method"), false).await;
            wait_in_another_mesh().await;
            let mut down = call.1.send_response(Response::new(()), false).unwrap();
            let mut body = response.await.unwrap().into_body();
            wait_in_another_mesh().await;
            upload.send_data(Bytes::from_static(b"up"), true).unwrap();
            assert_eq!(read(call.0.body_mut()).await.unwrap(), b"up", "{way:?}");
            down.send_data(Bytes::from_static(b"down"), true).unwrap();
            assert_eq!(read(&mut body).await.unwrap(), b"down", "{way:?}");
            assert_eq!(given_up(&ways), 0.0);
        }
    });
}

async fn wait_in_another_mesh() {
    wait_for_longer_than_the_limit(&Ways::with(impatient).await, Way::Outbound).await;
}

#[test]
fn a_client_that_takes_a_little_now_and_then_gets_everything() {
    run(async {
        const LENGTH: usize = 32 * 1024 * 1024;
        let ways = Ways::with(|config| config.limits.stall = Some(LIMIT * 10)).await;
        for way in ALL {
            let mut client = Talk::to_with_little_room(ways.through(way)).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            program.say(format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n")).await;
            let sending = tokio::task::spawn_local(async move { program.try_say(&vec![b'x'; LENGTH]).await });
            client.head().await;
            for _ in 0..LENGTH / (64 * 1024) {
                client.take(64 * 1024).await;
                tokio::task::yield_now().await;
            }
            assert!(sending.await.unwrap(), "{way:?}");
        }
        assert_eq!(given_up(&ways), 0.0);
    });
}

#[test]
fn what_a_client_does_not_take_is_counted_and_goes_back() {
    run(async {
        let ways = Ways::new().await;
        for (way, proxy) in [(Way::Outbound, &ways.outbound), (Way::Inbound, &ways.plain)] {
            let held = &proxy.budgets.held;
            let mut client = Talk::to_with_little_room(ways.through(way)).await;
            client.say(GET).await;
            let program = tokio::task::spawn_local(answer_without_end(ways.served().await));
            eventually(|| held.taken() > 0).await;
            client.head().await;
            client.reset();
            program.await.unwrap();
            eventually(|| held.taken() == 0).await;
        }
    });
}

#[test]
fn what_a_program_does_not_take_is_counted_and_goes_back() {
    run(async {
        let ways = Ways::new().await;
        for (way, proxy) in [(Way::Outbound, &ways.outbound), (Way::Inbound, &ways.plain)] {
            let held = &proxy.budgets.held;
            let mut client = ways.client(way).await;
            client.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000000\r\n\r\n").await;
            let mut program = ways.served().await;
            program.head().await;
            let sending = tokio::task::spawn_local(async move { while client.try_say(&[b'x'; 64 * 1024]).await {} });
            eventually(|| held.taken() > 0).await;
            program.reset();
            sending.await.unwrap();
            eventually(|| held.taken() == 0).await;
        }
    });
}

#[test]
fn what_a_client_of_a_stream_does_not_take_is_counted_and_goes_back() {
    run(async {
        let ways = Ways::new().await;
        let proxy = &ways.outbound;
        let caller = Caller::with(ways.through(Way::Outbound), |builder| {
            builder.initial_window_size(0);
        })
        .await;
        let (response, _) = caller.call(post("/"), true).await;
        let mut calls = Calls::over(ways.program.next().await).await;
        let (_, mut respond) = calls.next().await;
        let before = proxy.budgets.held.taken();
        let mut down = respond.send_response(Response::new(()), false).unwrap();
        down.send_data(Bytes::from_static(b"down"), true).unwrap();
        let response = response.await.unwrap();
        eventually(|| proxy.budgets.held.taken() == before + 16 * 1024).await;
        drop(response);
        eventually(|| proxy.budgets.held.taken() <= before).await;
    });
}

#[test]
fn where_no_room_is_left_for_what_waits_a_request_is_told_to_come_again() {
    run(async {
        let ways = Ways::with(|config| config.limits.buffers = 2 * 1024 * 1024).await;
        for (way, proxy, side) in [(Way::Outbound, &ways.outbound, "outbound"), (Way::Inbound, &ways.plain, "inbound")]
        {
            let held = &proxy.budgets.held;
            let (mut stalled, mut late) = (Vec::new(), 0);
            let refused = loop {
                let before = held.taken();
                late += usize::from(held.left() < held.total() / 8);
                let mut client = Talk::to_with_little_room(ways.through(way)).await;
                client.say(GET).await;
                let program = tokio::select! {
                    refused = client.head() => break refused,
                    program = ways.served() => program,
                };
                tokio::task::spawn_local(answer_without_end(program));
                // One after the other, but for those whose blocks another one gave back in the meantime.
                let _ = timeout(LIMIT, eventually(|| held.taken() > before)).await;
                stalled.push(client);
            };
            assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("\r\nretry-after: 1\r\n"), "{refused}");
            assert_eq!(proxy.count(&format!("{side}_http_errors_total"), &["error=\"loadshed\""]), 1.0);
            // Of the last eighth each needs a block, but for what others still come to hold.
            assert!(late > 6, "they hold less when room becomes scarce: {late}");
            assert_eq!(held.taken(), held.total());
            stalled.drain(..).for_each(Talk::reset);
            eventually(|| held.taken() == 0).await;
            let mut client = ways.client(way).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            program.say(OK).await;
            client.until("ok").await;
        }
    });
}
