//! Frames of clients that cost their receiver work and their sender nothing.

use std::rc::Rc;
use std::time::{Duration, Instant};

use h2::Reason;
use http::StatusCode;

use crate::support::calls::Calls;
use crate::support::client::{Http2, body, post2};
use crate::support::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, POST, PREFACE, PRIORITY, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, frame, goodbye, until,
};
use crate::support::program::Program;
use crate::support::table::endpoint;
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

/// More of them than anybody needs.
const MANY: u32 = 5000;

/// Frames on a connection whose stream 1 is open.
fn floods() -> Vec<(&'static str, Vec<u8>)> {
    let many = |frame: Vec<u8>| frame.repeat(MANY as usize);
    let rapid = |number: u32| {
        let stream = 3 + 2 * number;
        let code = (Reason::CANCEL.into(), 0_u32);
        [
            frame(HEADERS, END_HEADERS | END_STREAM, stream, POST),
            frame(RST_STREAM, 0, stream, &u32::to_be_bytes(code.0)),
        ]
        .concat()
    };
    let endless = [frame(HEADERS, 0, 3, POST), many(frame(CONTINUATION, 0, 3, b""))].concat();
    vec![
        ("ping", many(frame(PING, 0, 0, &[0; 8]))),
        ("settings", many(frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]))),
        ("empty data", many(frame(DATA, 0, 1, b""))),
        ("priority", many(frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16]))),
        ("window update", many(frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).repeat(3)),
        ("unknown", many(frame(77, 0, 0, b"abc"))),
        ("rapid reset", (0..MANY).flat_map(rapid).collect()),
        ("continuation", endless),
    ]
}

#[test]
fn a_client_that_floods_loses_its_connection_and_nobody_else_does() {
    run(async {
        let (ways, program) = (Ways::new().await, Program::start().await);
        ways.plain.original.set(program.addr);
        for way in [Way::Outbound, Way::Inbound] {
            let addr = ways.through(way);
            ways.table.set_endpoints([endpoint(program.addr)]);
            let mut healthy = Http2::connect(addr).await;
            for (kind, flood) in floods() {
                let mut hostile = Talk::to(addr).await;
                hostile
                    .say([PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, END_HEADERS, 1, POST)].concat())
                    .await;
                until(&mut hostile, SETTINGS).await;
                hostile.try_say(&flood).await;
                assert_eq!(goodbye(&mut hostile).await, Reason::ENHANCE_YOUR_CALM.into(), "{way:?}: {kind}");
                hostile.rest().await;
                let answer = healthy.send(post2("/").body(body("ping")).unwrap()).await;
                assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"ping"[..]), "{way:?}: {kind}");
            }
        }
    });
}

/// How long a stream lives, in the least, for its reset to be no sign of a flood, and a little more.
const LIVED: Duration = Duration::from_millis(55);
/// As many streams as one connection may have open, nearly.
const CROWD: u32 = 250;

/// The streams of one crowd after the other.
fn crowd(number: u32) -> impl Iterator<Item = u32> {
    (number * CROWD..(number + 1) * CROWD).map(|at| 2 * at + 1)
}

fn all_begin(number: u32) -> Vec<u8> {
    crowd(number).flat_map(|stream| frame(HEADERS, END_HEADERS | END_STREAM, stream, POST)).collect()
}

fn all_are_cancelled(number: u32) -> Vec<u8> {
    let cancel = u32::from(Reason::CANCEL).to_be_bytes();
    crowd(number).flat_map(|stream| frame(RST_STREAM, 0, stream, &cancel)).collect()
}

/// A program that takes every request and answers none.
fn hold_all(ways: &Rc<Ways>) {
    let ways = ways.clone();
    tokio::task::spawn_local(async move {
        loop {
            let mut calls = Calls::over(ways.program.next().await).await;
            tokio::task::spawn_local(async move {
                let mut held = Vec::new();
                while let Some(call) = calls.next_or_end().await {
                    held.push(call);
                }
            });
        }
    });
}

async fn connected(ways: &Ways, way: Way) -> Talk {
    let mut talk = Talk::to(ways.through(way)).await;
    talk.say([PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
    until(&mut talk, SETTINGS).await;
    talk
}

#[test]
fn a_client_may_cancel_all_that_it_has_open_at_once() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            let ways = Rc::new(Ways::new().await);
            hold_all(&ways);
            let mut client = connected(&ways, way).await;
            client.say([all_begin(0), all_are_cancelled(0), frame(PING, 0, 0, b"are you?")].concat()).await;
            assert_eq!(until(&mut client, PING).await, b"are you?", "{way:?}");
        }
    });
}

#[test]
fn programs_that_run_out_of_patience_on_a_connection_that_they_share_are_no_flood() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            let ways = Rc::new(Ways::new().await);
            hold_all(&ways);
            let mut client = connected(&ways, way).await;
            for number in 0..MANY / CROWD / 3 {
                client.say([all_begin(number), frame(PING, 0, 0, b"have you")].concat()).await;
                assert_eq!(until(&mut client, PING).await, b"have you", "{way:?}: {number}");
                let begun = Instant::now();
                eventually(|| begun.elapsed() > LIVED).await;
                client.say([all_are_cancelled(number), frame(PING, 0, 0, b"are you?")].concat()).await;
                assert_eq!(until(&mut client, PING).await, b"are you?", "{way:?}: {number}");
            }
        }
    });
}
