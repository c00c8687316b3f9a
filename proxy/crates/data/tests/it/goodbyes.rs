//! Servers that say goodbye on one connection after the other, and leave requests out that were under way (RFC 9113, 6.8).

use h2::client::ResponseFuture;
use hauberk_data::config::Config;
use http::{Response, StatusCode};

use crate::support::calls::{Caller, Calls, read};
use crate::support::exchange::post;
use crate::support::frames::{END_HEADERS, END_STREAM, GOAWAY, HEADERS, OK, PREFACE, SETTINGS, frame, until};
use crate::support::talk::Talk;
use crate::support::ways::{ALL, Way, Ways};
use crate::support::{frames, run};

/// More than any other reason for another try would allow, with two proxies.
const GOODBYES: usize = 8;
/// More connections than one request may cost.
const TOO_MANY: usize = 50;
/// Requests that a server takes of each connection, and the last stream that it takes then.
const HABIT: usize = 2;
const LAST: u32 = 3;

#[test]
fn a_request_goes_on_until_a_connection_takes_it() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (response, mut upload) = caller.call(post("/"), false).await;
            upload.send_data("once".into(), true).unwrap();
            for _ in 0..GOODBYES {
                drop(frames::leave_out(ways.program.next().await).await);
            }
            let mut calls = Calls::over(ways.program.next().await).await;
            let (mut request, mut respond) = calls.next().await;
            assert_eq!(read(request.body_mut()).await.unwrap(), b"once", "{way:?}");
            respond.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
        }
    });
}

#[test]
fn a_server_that_never_takes_anything_is_not_asked_for_ever() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (response, _) = caller.call(post("/"), true).await;
            let mut asked = 0;
            let leaving = async {
                loop {
                    drop(frames::leave_out(ways.program.next().await).await);
                    asked += 1;
                    assert!(asked < TOO_MANY, "{way:?}");
                }
            };
            tokio::select! {
                answer = response => match way {
                    // Whoever is not in the mesh hears that nobody took it.
                    Way::Inbound => assert!(answer.is_err_and(|error| error.is_reset())),
                    Way::Both | Way::Outbound => assert_eq!(answer.unwrap().status(), StatusCode::BAD_GATEWAY),
                },
                () = leaving => {}
            }
        }
    });
}

/// So many requests at once.
async fn begin(caller: &Caller, count: usize) -> Vec<ResponseFuture> {
    let mut under_way = Vec::new();
    for _ in 0..count {
        under_way.push(caller.call(post("/"), true).await.0);
    }
    under_way
}

/// A connection to a server, which waits for so many requests, answers as many as it takes of each, and says goodbye. It is the
/// caller's.
async fn served(mut talk: Talk, waits_for: usize) -> Talk {
    talk.take(PREFACE.len()).await;
    talk.say(frame(SETTINGS, 0, 0, &[])).await;
    for _ in 0..waits_for {
        until(&mut talk, HEADERS).await;
    }
    talk.say(frame(GOAWAY, 0, 0, &[&LAST.to_be_bytes()[..], &[0; 4]].concat())).await;
    for stream in (1..=LAST).step_by(2) {
        talk.say(frame(HEADERS, END_HEADERS | END_STREAM, stream, OK)).await;
    }
    talk
}

#[test]
fn a_server_that_takes_a_few_of_each_connection_is_sent_no_more_than_those_once_that_is_known() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let mut connections = Vec::new();
            let first = begin(&caller, 3 * HABIT).await;
            for left in [3 * HABIT, 2 * HABIT, HABIT] {
                connections.push(served(ways.served().await, left).await);
            }
            let second = begin(&caller, 2 * HABIT).await;
            // The first of both says nothing yet, and still there is a second one.
            for talk in [ways.served().await, ways.served().await] {
                connections.push(served(talk, HABIT).await);
            }
            for response in first.into_iter().chain(second) {
                assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
            }
        }
    });
}

#[test]
fn a_connection_is_replaced_long_before_its_streams_have_no_numbers_left() {
    fn few(config: &mut Config) {
        config.inbound.http.client.requests_max = 2;
        config.outbound.http.client.requests_max = 2;
    }
    run(async {
        for way in ALL {
            let ways = Ways::with(few).await;
            let caller = Caller::to(ways.through(way)).await;
            let mut under_way = begin(&caller, 1).await;
            let mut calls = Calls::over(ways.program.next().await).await;
            let mut waiting = vec![calls.next().await];
            under_way.extend(begin(&caller, 1).await);
            waiting.push(calls.next().await);
            under_way.extend(begin(&caller, 1).await);
            let mut next = Calls::over(ways.program.next().await).await;
            waiting.push(next.next().await);
            for (_, respond) in &mut waiting {
                respond.send_response(Response::new(()), true).unwrap();
            }
            for response in under_way {
                assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
            }
            assert!(calls.next_or_end().await.is_none(), "{way:?}: what carries nothing any more is closed");
        }
    });
}
