//! Streams and connections of HTTP/2 that end early.

use std::future::poll_fn;

use bytes::Bytes;
use h2::Reason;
use http::{Response, StatusCode};

use crate::support::calls::{Caller, Calls, read, send};
use crate::support::exchange::{Exchange, post};
use crate::support::ways::{ALL, Way, Ways};
use crate::support::{frames, run};

#[test]
fn a_client_that_resets_its_stream_resets_that_of_the_program() {
    run(async {
        for way in ALL {
            for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR] {
                let ways = Ways::new().await;
                let Exchange { mut upload, mut call, calls: _calls, .. } =
                    Exchange::begin(&ways, way, post("/"), false).await;
                upload.send_data("half".into(), false).unwrap();
                assert_eq!(call.0.body_mut().data().await.unwrap().unwrap(), "half");
                upload.send_reset(reason);
                let error = call.0.body_mut().data().await.unwrap().unwrap_err();
                assert!(error.is_reset() && error.reason() == Some(reason), "{way:?}: {error:?}");
            }
            // While it waits for the answer, and while it reads it.
            for answers in [false, true] {
                let ways = Ways::new().await;
                let Exchange { response, mut upload, mut call, calls: _calls, .. } =
                    Exchange::begin(&ways, way, post("/"), true).await;
                let reset = if answers {
                    let mut down = call.1.send_response(Response::new(()), false).unwrap();
                    down.send_data("half".into(), false).unwrap();
                    let mut response = response.await.unwrap();
                    assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "half");
                    upload.send_reset(Reason::CANCEL);
                    poll_fn(|cx| down.poll_reset(cx)).await
                } else {
                    upload.send_reset(Reason::CANCEL);
                    poll_fn(|cx| call.1.poll_reset(cx)).await
                };
                assert_eq!(reset.unwrap(), Reason::CANCEL, "{way:?} {answers}");
            }
        }
    });
}

#[test]
fn the_code_of_a_program_s_reset_reaches_the_client() {
    run(async {
        for way in ALL {
            for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::ENHANCE_YOUR_CALM] {
                let ways = Ways::new().await;
                let Exchange { response, mut call, calls: _calls, .. } =
                    Exchange::begin(&ways, way, post("/"), true).await;
                let mut down = call.1.send_response(Response::new(()), false).unwrap();
                down.send_data("half".into(), false).unwrap();
                let mut response = response.await.unwrap();
                assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "half");
                down.send_reset(reason);
                let error = response.body_mut().data().await.unwrap().unwrap_err();
                assert!(error.is_reset() && error.reason() == Some(reason), "{way:?}: {error:?}");
            }
        }
    });
}

#[test]
fn the_code_of_a_program_s_reset_reaches_the_client_before_an_answer_as_well() {
    run(async {
        for way in ALL {
            for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::ENHANCE_YOUR_CALM] {
                let ways = Ways::new().await;
                let Exchange { response, mut call, calls: _calls, .. } =
                    Exchange::begin(&ways, way, post("/"), true).await;
                call.1.send_reset(reason);
                let error = response.await.unwrap_err();
                assert!(error.is_reset() && error.reason() == Some(reason), "{way:?}: {error:?}");
            }
        }
    });
}

#[test]
fn a_program_may_answer_and_want_no_more_of_the_request() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let exchange = Exchange::begin(&ways, way, post("/"), false).await;
            let Exchange { response, mut upload, call, calls: _calls, caller: _caller } = exchange;
            let sending = tokio::task::spawn_local(async move {
                let _ = send(&mut upload, Bytes::from(vec![b'x'; 4 * 1024 * 1024]), true).await;
            });
            let (request, mut respond) = call;
            let mut down = respond.send_response(Response::builder().status(413).body(()).unwrap(), false).unwrap();
            down.send_data("too large".into(), true).unwrap();
            drop(request);
            let mut response = response.await.unwrap();
            assert_eq!(response.status(), 413, "{way:?}");
            assert_eq!(read(response.body_mut()).await.unwrap(), b"too large", "{way:?}");
            sending.await.unwrap();
        }
    });
}

#[test]
fn after_a_goodbye_of_the_program_requests_take_a_new_connection_and_those_under_way_finish() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let Exchange { caller, response, mut call, mut calls, .. } =
                Exchange::begin(&ways, way, post("/1"), true).await;
            calls.say_goodbye();
            // A request that is already on its way when the goodbye comes is taken or handed back: none is lost.
            let (second, _) = caller.call(post("/2"), true).await;
            let mut next = tokio::select! {
                (_, mut respond) = calls.next() => {
                    respond.send_response(Response::new(()), true).unwrap();
                    assert_eq!(second.await.unwrap().status(), StatusCode::OK);
                    let (third, _) = caller.call(post("/3"), true).await;
                    let mut next = Calls::over(ways.program.next().await).await;
                    next.next().await.1.send_response(Response::new(()), true).unwrap();
                    assert_eq!(third.await.unwrap().status(), StatusCode::OK);
                    next
                }
                socket = ways.program.next() => {
                    let mut next = Calls::over(socket).await;
                    let (request, mut respond) = next.next().await;
                    assert_eq!(request.uri().path(), "/2");
                    respond.send_response(Response::new(()), true).unwrap();
                    assert_eq!(second.await.unwrap().status(), StatusCode::OK);
                    next
                }
            };
            call.1.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
            assert!(calls.next_or_end().await.is_none());
            let (last, _) = caller.call(post("/last"), true).await;
            next.next().await.1.send_response(Response::new(()), true).unwrap();
            assert_eq!(last.await.unwrap().status(), StatusCode::OK);
        }
    });
}

#[test]
fn a_request_that_a_goodbye_leaves_out_is_sent_over_another_connection() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let (response, mut upload) = caller.call(post("/"), false).await;
            upload.send_data("once".into(), true).unwrap();
            let _left = frames::leave_out(ways.program.next().await).await;
            let mut calls = Calls::over(ways.program.next().await).await;
            let (mut request, mut respond) = calls.next().await;
            assert_eq!(read(request.body_mut()).await.unwrap(), b"once");
            respond.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
        }
    });
}

#[test]
fn a_proxy_that_drains_says_goodbye_and_finishes_what_is_under_way() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            let ways = Ways::new().await;
            let Exchange { caller, response, mut call, calls: _calls, .. } =
                Exchange::begin(&ways, way, post("/"), true).await;
            ways.outbound.drain.begin();
            ways.plain.drain.begin();
            while !caller.is_closing().await {
                tokio::task::yield_now().await;
            }
            assert_eq!(caller.ended(), None);
            call.1.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
            while caller.ended().is_none() {
                tokio::task::yield_now().await;
            }
            assert_eq!(caller.ended(), Some(None), "{way:?}: an orderly end");
        }
    });
}
