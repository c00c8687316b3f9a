//! Readers of HTTP/2 that stall.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use h2::RecvStream;
use hauberk_data::config::Config;
use http::Response;

use crate::support::calls::{Caller, Calls, read, send};
use crate::support::exchange::{Exchange, post};
use crate::support::run;
use crate::support::ways::{ALL, Way, Ways};

const KIB: usize = 1024;

/// More than all windows on the way of one stream hold.
const LARGE: usize = 512 * KIB;

fn small_windows(config: &mut Config) {
    config.limits.buffers = 128 * KIB * KIB;
    for http in [&mut config.inbound.http, &mut config.outbound.http] {
        http.server = http.server.with_windows(Some(64 * KIB as u32), None);
        http.client = http.client.with_windows(Some(64 * KIB as u32), None);
    }
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
