//! HTTP/2 stream by stream, from a client through proxies to a program.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::ext::Protocol;
use h2::{Reason, RecvStream};
use hauberk_data::config::Config;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::support::calls::{Call, Caller, Calls, read, send};
use crate::support::frames;
use crate::support::run;
use crate::support::talk::Talk;
use crate::support::ways::{ALL, Way, Ways};

const KIB: usize = 1024;

fn post(path: &str) -> Request<()> {
    Request::post(format!("http://web.default.svc.cluster.local{path}")).body(()).unwrap()
}

/// A request on its way, and what the program sees of it.
struct Exchange {
    caller: Caller,
    response: ResponseFuture,
    upload: h2::SendStream<Bytes>,
    calls: Calls,
    call: Call,
}

impl Exchange {
    /// Its body is not over, unless it is said to be.
    async fn begin(ways: &Ways, way: Way, request: Request<()>, over: bool) -> Self {
        let caller = Caller::to(ways.through(way)).await;
        let (response, upload) = caller.call(request, over).await;
        let mut calls = Calls::over(ways.program.next().await).await;
        let call = calls.next().await;
        Self { caller, response, upload, calls, call }
    }
}

async fn interim(response: &mut ResponseFuture) -> Response<()> {
    poll_fn(|cx| response.poll_informational(cx)).await.unwrap().unwrap()
}

#[test]
fn interim_answers_pass_before_the_answer() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut expects = post("/");
            expects.headers_mut().insert("expect", HeaderValue::from_static("100-continue"));
            let Exchange { mut response, mut upload, mut call, .. } = Exchange::begin(&ways, way, expects, false).await;
            assert_eq!(call.0.headers()["expect"], "100-continue");
            for (status, link) in [(100, "</a>"), (103, "</b>")] {
                let head = Response::builder().status(status).header("link", link).body(()).unwrap();
                call.1.send_informational(head).unwrap();
                let passed = interim(&mut response).await;
                assert_eq!((passed.status().as_u16(), passed.headers()["link"].as_bytes()), (status, link.as_bytes()));
            }
            upload.send_data("body".into(), true).unwrap();
            assert_eq!(read(call.0.body_mut()).await.unwrap(), b"body");
            call.1.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
        }
    });
}

#[test]
fn connect_and_websockets_are_streams_that_go_both_ways() {
    run(async {
        for way in ALL {
            let plain = Request::connect("db:5432").body(()).unwrap();
            let mut extended = Request::connect("http://web.default.svc.cluster.local/chat?a").body(()).unwrap();
            extended.extensions_mut().insert(Protocol::from_static("websocket"));
            for request in [plain, extended] {
                let ways = Ways::new().await;
                let (uri, protocol) = (request.uri().clone(), request.extensions().get::<Protocol>().cloned());
                let exchange = Exchange::begin(&ways, way, request, false).await;
                let Exchange { caller, response, mut upload, mut call, calls: _calls } = exchange;
                assert!(caller.takes_protocols(), "{way:?}");
                assert_eq!((call.0.method(), call.0.uri()), (&http::Method::CONNECT, &uri), "{way:?}");
                assert_eq!(call.0.extensions().get::<Protocol>(), protocol.as_ref());
                let mut down = call.1.send_response(Response::new(()), false).unwrap();
                let mut response = response.await.unwrap();
                assert_eq!(response.status(), StatusCode::OK);
                upload.send_data("ping".into(), false).unwrap();
                assert_eq!(call.0.body_mut().data().await.unwrap().unwrap(), "ping");
                down.send_data("pong".into(), false).unwrap();
                assert_eq!(response.body_mut().data().await.unwrap().unwrap(), "pong");
                // Each direction ends on its own.
                upload.send_data("last".into(), true).unwrap();
                assert_eq!(read(call.0.body_mut()).await.unwrap(), b"last");
                down.send_data("word".into(), true).unwrap();
                assert_eq!(read(response.body_mut()).await.unwrap(), b"word");
            }
        }
    });
}

#[test]
fn trailers_pass_both_ways() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let Exchange { response, mut upload, mut call, .. } = Exchange::begin(&ways, way, post("/"), false).await;
            let trailers = |value| HeaderMap::from_iter([("x-end".parse().unwrap(), HeaderValue::from_static(value))]);
            upload.send_data("up".into(), false).unwrap();
            upload.send_trailers(trailers("1")).unwrap();
            assert_eq!(read(call.0.body_mut()).await.unwrap(), b"up");
            assert_eq!(call.0.body_mut().trailers().await.unwrap(), Some(trailers("1")), "{way:?}");
            let mut down = call.1.send_response(Response::new(()), false).unwrap();
            down.send_data("down".into(), false).unwrap();
            down.send_trailers(trailers("2")).unwrap();
            let mut response = response.await.unwrap();
            assert_eq!(read(response.body_mut()).await.unwrap(), b"down");
            assert_eq!(response.body_mut().trailers().await.unwrap(), Some(trailers("2")), "{way:?}");
        }
    });
}

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
                let _ = send(&mut upload, Bytes::from(vec![b'x'; 4096 * KIB]), true).await;
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
            let mut program = Talk::over(ways.program.next().await);
            program.take(frames::PREFACE.len()).await;
            program.say(frames::frame(frames::SETTINGS, 0, 0, &[])).await;
            frames::until(&mut program, frames::HEADERS).await;
            // It has processed no stream at all.
            program.say(frames::frame(frames::GOAWAY, 0, 0, &[0; 8])).await;
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

/// What a program does with the requests of all its connections: those to `/stall` have a large answer and are not read, all
/// others are read and answered.
fn serve(ways: &Rc<Ways>) -> Rc<RefCell<Vec<RecvStream>>> {
    let stalled: Rc<RefCell<Vec<RecvStream>>> = Rc::default();
    let (ways, unread) = (ways.clone(), stalled.clone());
    tokio::task::spawn_local(async move {
        loop {
            let mut calls = Calls::over(ways.program.next().await).await;
            let unread = unread.clone();
            tokio::task::spawn_local(async move {
                while let Some((request, mut respond)) = calls.next_or_end().await {
                    let mut down = respond.send_response(Response::new(()), false).unwrap();
                    let mut body = request.into_parts();
                    if body.0.uri.path() == "/stall" {
                        unread.borrow_mut().push(body.1);
                    } else {
                        tokio::task::spawn_local(async move { read(&mut body.1).await.unwrap().len() });
                    }
                    tokio::task::spawn_local(async move {
                        let _ = send(&mut down, Bytes::from(vec![b'x'; LARGE]), true).await;
                    });
                }
            });
        }
    });
    stalled
}

/// More than all windows on the way of one stream hold.
const LARGE: usize = 512 * KIB;

fn small_windows(config: &mut Config) {
    config.limits.buffers = 128 * KIB * KIB;
    for http in [&mut config.inbound.http, &mut config.outbound.http] {
        http.server = http.server.with_windows(Some(64 * KIB as u32), None);
        http.client = http.client.with_windows(Some(64 * KIB as u32), None);
    }
}

async fn impatient(ways: &Ways, way: Way) -> Caller {
    Caller::with(ways.through(way), |builder| {
        builder.initial_window_size(16 * KIB as u32).initial_connection_window_size(64 * (KIB * KIB) as u32);
    })
    .await
}

#[test]
fn answers_that_nobody_reads_do_not_hold_up_another_one() {
    run(async {
        for way in ALL {
            let ways = Rc::new(Ways::with(small_windows).await);
            serve(&ways);
            let caller = impatient(&ways, way).await;
            let mut half_read = Vec::new();
            for _ in 0..150 {
                half_read.push(caller.call(post("/"), true).await.0);
            }
            let mut bodies = Vec::new();
            for response in half_read {
                let mut body = response.await.unwrap().into_body();
                assert!(!body.data().await.unwrap().unwrap().is_empty());
                bodies.push(body);
            }
            let mut last = caller.call(post("/"), true).await.0.await.unwrap().into_body();
            assert_eq!(read(&mut last).await.unwrap().len(), LARGE, "{way:?}");
        }
    });
}

#[test]
fn requests_that_nobody_reads_do_not_hold_up_another_one() {
    run(async {
        for way in ALL {
            let ways = Rc::new(Ways::with(small_windows).await);
            let stalled = serve(&ways);
            let caller = impatient(&ways, way).await;
            let mut under_way = Vec::new();
            for _ in 0..150 {
                let (response, mut upload) = caller.call(post("/stall"), false).await;
                let sending = tokio::task::spawn_local(async move {
                    let _ = send(&mut upload, Bytes::from(vec![b'x'; LARGE]), true).await;
                });
                under_way.push((response, sending));
            }
            while stalled.borrow().len() < 150 {
                tokio::task::yield_now().await;
            }
            let (response, mut upload) = caller.call(post("/"), false).await;
            send(&mut upload, Bytes::from(vec![b'x'; LARGE]), true).await.unwrap();
            let mut body = response.await.unwrap().into_body();
            assert_eq!(read(&mut body).await.unwrap().len(), LARGE, "{way:?}");
            assert!(under_way.iter().all(|(_, sending)| !sending.is_finished()), "{way:?}: they do not stall");
        }
    });
}

#[test]
fn a_large_body_goes_up_while_nobody_reads_the_answer() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let Exchange { response, mut upload, mut call, calls: _calls, caller: _caller } =
                Exchange::begin(&ways, way, post("/"), false).await;
            let mut down = call.1.send_response(Response::new(()), false).unwrap();
            let large = Bytes::from(vec![b'x'; 4096 * KIB]);
            let answer = large.clone();
            let answering = tokio::task::spawn_local(async move { send(&mut down, answer, true).await.unwrap() });
            let reading = tokio::task::spawn_local(async move { read(call.0.body_mut()).await.unwrap().len() });
            send(&mut upload, large.clone(), true).await.unwrap();
            assert_eq!(reading.await.unwrap(), large.len(), "{way:?}");
            assert!(!answering.is_finished(), "nobody has read it");
            let mut response = response.await.unwrap();
            assert_eq!(read(response.body_mut()).await.unwrap().len(), large.len(), "{way:?}");
        }
    });
}

fn large_head(lines: usize) -> HeaderMap {
    let line = |number| (format!("x-{number}").parse().unwrap(), HeaderValue::from_str(&"y".repeat(900)).unwrap());
    (0..lines).map(line).collect()
}

#[test]
fn a_head_may_be_large_in_either_direction_and_not_larger() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let mut request = post("/");
            request.headers_mut().extend(large_head(60));
            let Exchange { caller, response, call, mut calls, .. } = Exchange::begin(&ways, way, request, true).await;
            let is_whole =
                |headers: &HeaderMap| headers.keys().filter(|name| name.as_str().starts_with("x-")).count() == 60;
            assert!(is_whole(call.0.headers()), "{way:?}");
            let answer = |lines| {
                let mut answer = Response::new(());
                *answer.headers_mut() = large_head(lines);
                answer
            };
            let (_, mut respond) = call;
            respond.send_response(answer(60), true).unwrap();
            assert!(is_whole(response.await.unwrap().headers()), "{way:?}");
            let mut request = post("/");
            request.headers_mut().extend(large_head(120));
            let (response, _) = caller.call(request, true).await;
            assert_eq!(response.await.unwrap().status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "{way:?}");
            let (response, _) = caller.call(post("/"), true).await;
            let (_, mut respond) = calls.next().await;
            respond.send_response(answer(120), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::BAD_GATEWAY, "{way:?}");
            // Neither cost the connection anything, and the request was sent once.
            let (response, _) = caller.call(post("/again"), true).await;
            let (request, mut respond) = calls.next().await;
            assert_eq!(request.uri().path(), "/again", "{way:?}");
            respond.send_response(Response::new(()), true).unwrap();
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
        }
    });
}
