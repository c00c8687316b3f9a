//! Messages of HTTP/2, from a client through proxies to a program.

use h2::ext::Protocol;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};

use crate::support::calls::{Caller, read};
use crate::support::exchange::{Exchange, interim, post};
use crate::support::frames::{END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, frame, until};
use crate::support::run;
use crate::support::ways::{ALL, Ways};

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
fn a_program_that_takes_no_protocols_is_not_asked_for_one() {
    run(async {
        for way in ALL {
            let ways = Ways::new().await;
            let caller = Caller::to(ways.through(way)).await;
            let mut request = Request::connect("http://web.default.svc.cluster.local/chat").body(()).unwrap();
            request.extensions_mut().insert(Protocol::from_static("websocket"));
            let (response, _upload) = caller.call(request, false).await;
            let mut program = ways.served().await;
            program.take(PREFACE.len()).await;
            program.say(frame(SETTINGS, 0, 0, &[])).await;
            assert_eq!(response.await.unwrap().status(), StatusCode::NOT_IMPLEMENTED, "{way:?}");
            // The connection is as good as before: the first request on it is the next one.
            let (response, _) = caller.call(post("/"), true).await;
            until(&mut program, HEADERS).await;
            program.say(frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x88")).await; // `:status: 200`
            assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{way:?}");
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
