//! Requests that somebody ends early, and the word for it in the families of routes.

use h2::Reason;
use http::{Response, StatusCode};

use crate::support::calls::{Caller, read};
use crate::support::endings::{begun, counted, is_counted, tried};
use crate::support::exchange::{Exchange, post};
use crate::support::frames::{DATA, END_HEADERS, GOAWAY, HEADERS, OK, PREFACE, SETTINGS, frame, until};
use crate::support::talk::Talk;
use crate::support::ways::{ALL, Way, Ways};
use crate::support::{frames, run};

const OUTBOUND: [Way; 2] = [Way::Both, Way::Outbound];

const CODES: [(Reason, &str); 4] = [
    (Reason::CANCEL, "CANCEL"),
    (Reason::ENHANCE_YOUR_CALM, "ENHANCE_YOUR_CALM"),
    (Reason::INTERNAL_ERROR, "RESET"),
    (Reason::REFUSED_STREAM, "REFUSED"),
];

#[test]
fn a_stream_that_is_reset_within_its_answer_counts_by_its_code() {
    run(async {
        for way in ALL {
            for (code, word) in CODES {
                let ways = Ways::new().await;
                let mut exchange = Exchange::begin(&ways, way, post("/"), true).await;
                let mut down = exchange.call.1.send_response(Response::new(()), false).unwrap();
                down.send_data("half".into(), false).unwrap();
                let mut body = exchange.response.await.unwrap().into_body();
                assert_eq!(body.data().await.unwrap().unwrap(), "half");
                down.send_reset(code);
                assert_eq!(read(&mut body).await.unwrap_err().reason(), Some(code), "{way:?}");
                is_counted(&ways, way, word).await;
            }
        }
    });
}

#[test]
fn a_stream_that_is_reset_before_its_answer_counts_by_its_code() {
    run(async {
        for way in ALL {
            for (code, word) in &CODES[..3] {
                let ways = Ways::new().await;
                let mut exchange = Exchange::begin(&ways, way, post("/"), true).await;
                exchange.call.1.send_reset(*code);
                assert_eq!(exchange.response.await.unwrap_err().reason(), Some(*code), "{way:?}");
                is_counted(&ways, way, word).await;
                if way == Way::Both {
                    assert_eq!(ways.inbound.count("inbound_http_statuses_total", &[&format!("\"{word}\"")]), 1.0);
                }
            }
        }
    });
}

#[test]
fn a_request_that_nobody_takes_counts_as_refused() {
    run(async {
        for way in OUTBOUND {
            let ways = Ways::new().await;
            let Exchange { response, mut call, mut calls, .. } = Exchange::begin(&ways, way, post("/"), true).await;
            let refusing = async {
                loop {
                    call.1.send_reset(Reason::REFUSED_STREAM);
                    call = calls.next().await;
                }
            };
            tokio::select! {
                response = response => assert_eq!(response.unwrap().status(), StatusCode::BAD_GATEWAY),
                () = refusing => {}
            }
            let seen = (counted(&ways, way, "REFUSED"), tried(&ways, "REFUSED"));
            assert_eq!(seen, ((1.0, 1.0), 2.0), "{way:?}: it is sent once more");
            let answered = ways.outbound.count("outbound_http_errors_total", &["error=\"i/o\""]);
            assert_eq!(answered, 1.0, "{way:?}: what the client hears is called as before");
        }
    });
}

#[test]
fn a_goodbye_that_leaves_a_request_out_counts_as_one() {
    run(async {
        let ways = Ways::new().await;
        let caller = Caller::to(ways.through(Way::Outbound)).await;
        let (response, _) = caller.call(post("/"), true).await;
        let leaving = async {
            loop {
                drop(frames::leave_out(ways.program.next().await).await);
            }
        };
        tokio::select! {
            response = response => assert_eq!(response.unwrap().status(), StatusCode::BAD_GATEWAY),
            () = leaving => {}
        }
        assert_eq!(counted(&ways, Way::Outbound, "GO_AWAY"), (1.0, 1.0));
    });
}

/// A request of HTTP/2 whose answer has begun: its rest, and the program.
async fn streamed(caller: &Caller, ways: &Ways) -> (h2::RecvStream, Talk) {
    let (response, _) = caller.call(post("/"), true).await;
    let mut program = ways.served().await;
    program.take(PREFACE.len()).await;
    program.say(frame(SETTINGS, 0, 0, &[])).await;
    until(&mut program, HEADERS).await;
    program.say([frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, 0, 1, b"ab")].concat()).await;
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "ab");
    (body, program)
}

#[test]
fn a_goodbye_that_ends_an_answer_counts_as_one() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (mut body, mut program) = streamed(&caller, &ways).await;
            program.say(frame(GOAWAY, 0, 0, &[0; 8])).await;
            assert!(read(&mut body).await.is_err(), "{way:?}");
            is_counted(&ways, way, "GO_AWAY").await;
        }
    });
}

#[test]
fn a_connection_that_is_lost_counts_as_i_o() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            let ways = Ways::new().await;
            let (mut client, program) = begun(&ways, way).await;
            program.reset();
            client.rest().await;
            is_counted(&ways, way, "IO").await;
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (mut body, program) = streamed(&caller, &ways).await;
            program.reset();
            assert!(read(&mut body).await.is_err(), "{way:?}");
            is_counted(&ways, way, "IO").await;
        }
    });
}

#[test]
fn a_client_that_takes_its_request_back_counts_as_that() {
    run(async {
        for way in OUTBOUND {
            let ways = Ways::new().await;
            let mut exchange = Exchange::begin(&ways, way, post("/"), false).await;
            exchange.upload.send_reset(Reason::CANCEL);
            assert!(exchange.call.0.body_mut().data().await.unwrap().is_err());
            is_counted(&ways, way, "CANCEL").await;
        }
    });
}
