//! Windows of HTTP/2 and the distance: they grow for readers whom it holds up, and not for those who stall.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use hauberk_data::config::Config;
use tokio::task::spawn_local;

use crate::support::calls::{Caller, Calls};
use crate::support::exchange::post;
use crate::support::frames::{END_HEADERS, HEADERS, OK, POST, PREFACE, SETTINGS, frame};
use crate::support::sender::Sender;
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

const MIB: i64 = 1024 * 1024;
/// What a stream begins with.
const START: i64 = MIB / 4;
/// What it gets in the least when there is much room.
const MUCH: i64 = 12 * MIB;
/// The window doubles six times; what it has last shows one round trip later.
const ROUND_TRIPS_MAX: usize = 10;

fn much_room(config: &mut Config) {
    config.limits.buffers = 256 * 1024 * 1024;
}

/// A request on its way, and the program's end of its answer.
async fn download(ways: &Ways) -> (Caller, RecvStream, Sender) {
    let caller = Caller::to(ways.through(Way::Outbound)).await;
    let (response, _) = caller.call(post("/"), true).await;
    let mut talk = Talk::over(ways.program.next().await);
    talk.take(PREFACE.len()).await;
    talk.say(frame(SETTINGS, 0, 0, &[])).await;
    let mut sender = Sender::new(talk, 1);
    sender.until(HEADERS).await;
    sender.talk.say(frame(HEADERS, END_HEADERS, 1, OK)).await;
    (caller, response.await.unwrap().into_body(), sender)
}

/// A client's end of a request, and the request as the program has it.
async fn upload(ways: &Ways) -> (Calls, RecvStream, SendResponse<Bytes>, Sender) {
    let mut talk = Talk::to(ways.through(Way::Outbound)).await;
    talk.say([PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, END_HEADERS, 1, POST)].concat()).await;
    let mut sender = Sender::new(talk, 1);
    sender.until(SETTINGS).await;
    let mut calls = Calls::over(ways.program.next().await).await;
    let (request, respond) = calls.next().await;
    (calls, request.into_body(), respond, sender)
}

/// Reads a body to its end. Returns how much was read so far.
fn reading(mut body: RecvStream) -> Rc<Cell<usize>> {
    let all = Rc::new(Cell::new(0));
    let so_far = all.clone();
    spawn_local(async move {
        while let Some(data) = body.data().await {
            let length = data.unwrap().len();
            body.flow_control().release_capacity(length).unwrap();
            so_far.set(so_far.get() + length);
        }
    });
    all
}

/// Sends, a round trip after the other, until the receiver lets so much come ahead.
async fn grow(sender: &mut Sender, read: &Cell<usize>, window: i64) {
    for _ in 0..ROUND_TRIPS_MAX {
        // The answer to its ping comes right behind much that nobody had the time to read. All before it was read.
        sender.burst().await;
        eventually(|| read.get() == sender.sent).await;
        sender.until_answered().await;
        if sender.window() >= window {
            return;
        }
    }
    panic!("after {ROUND_TRIPS_MAX} round trips: {:?}", sender.announced);
}

/// Sends as much as it may; the windows stay as they are all the same.
async fn stall(sender: &mut Sender) {
    sender.until_answered().await;
    sender.burst().await;
    assert!(sender.sent >= usize::try_from(START).unwrap());
    sender.until_asked().await;
    for _ in 0..ROUND_TRIPS_MAX {
        sender.burst().await;
        sender.until_answered().await;
    }
    assert_eq!(sender.announced.iter().max(), Some(&START));
}

#[test]
fn a_body_that_is_read_gets_larger_windows_within_few_round_trips() {
    run(async {
        let ways = Ways::with(much_room).await;
        let (_caller, body, mut sender) = download(&ways).await;
        grow(&mut sender, &reading(body), MUCH).await;

        let ways = Ways::with(much_room).await;
        let (_calls, body, _respond, mut sender) = upload(&ways).await;
        grow(&mut sender, &reading(body), MUCH).await;
    });
}

#[test]
fn a_body_that_nobody_reads_gets_none() {
    run(async {
        let ways = Ways::with(much_room).await;
        let (_caller, body, mut sender) = download(&ways).await;
        stall(&mut sender).await;
        drop(body);

        let ways = Ways::with(much_room).await;
        let (_calls, body, _respond, mut sender) = upload(&ways).await;
        stall(&mut sender).await;
        drop(body);
    });
}

#[test]
fn readers_that_stall_do_not_keep_one_that_reads_from_larger_windows() {
    run(async {
        let ways = Ways::with(much_room).await;
        let (caller, body, mut sender) = download(&ways).await;
        let mut silent = Vec::new();
        for stream in [3, 5, 7, 9] {
            let (response, _) = caller.call(post("/"), true).await;
            sender.until(HEADERS).await;
            sender.talk.say(frame(HEADERS, END_HEADERS, stream, OK)).await;
            silent.push(response.await.unwrap().into_body());
        }
        grow(&mut sender, &reading(body), 2 * MIB).await;
    });
}

#[test]
fn the_next_large_body_gets_at_once_what_the_last_one_needed_and_a_small_one_does_not() {
    run(async {
        let ways = Ways::with(|config| {
            much_room(config);
            config.outbound.http.client.keep_alive_interval = None; // windows are given back at once
        })
        .await;
        let (caller, body, mut sender) = download(&ways).await;
        grow(&mut sender, &reading(body), MUCH).await;
        let grown = sender.window();
        sender.end().await;
        while sender.window() != START {
            sender.until(SETTINGS).await;
        }
        sender.announced = vec![START];

        let (response, _) = caller.call(post("/"), true).await;
        sender.until(HEADERS).await;
        sender.talk.say(frame(HEADERS, END_HEADERS, 3, OK)).await;
        reading(response.await.unwrap().into_body());
        sender.next(3);
        sender.until_answered().await;
        assert_eq!(sender.announced, [START]);
        sender.burst().await;
        while sender.window() == START {
            sender.until(SETTINGS).await;
        }
        assert_eq!(sender.announced, [START, grown]);
    });
}

/// A connection whose windows have grown, at rest.
async fn at_rest(ways: &Ways) -> (Caller, Sender) {
    let (caller, body, mut sender) = download(ways).await;
    grow(&mut sender, &reading(body), MUCH).await;
    sender.end().await;
    sender.until_answered().await;
    (caller, sender)
}

#[test]
fn what_a_large_body_got_is_kept_for_the_next_one() {
    run(async {
        let ways = Ways::with(much_room).await;
        let (caller, mut sender) = at_rest(&ways).await;
        let grown = sender.window();
        let (response, _) = caller.call(post("/"), true).await;
        sender.until(HEADERS).await;
        sender.talk.say(frame(HEADERS, END_HEADERS, 3, OK)).await;
        let read = reading(response.await.unwrap().into_body());
        sender.next(3);
        sender.until_answered().await;
        assert_eq!(sender.window(), grown);
        sender.sent = 0;
        sender.burst().await;
        assert!(sender.sent >= usize::try_from(MUCH).unwrap());
        eventually(|| read.get() == sender.sent).await;
    });
}

#[test]
fn a_connection_that_sleeps_gives_its_windows_back() {
    run(async {
        let ways = Ways::with(|config| {
            much_room(config);
            config.outbound.http.client.keep_alive_interval = Some(Duration::from_secs(1));
        })
        .await;
        let (_caller, mut sender) = at_rest(&ways).await;
        while sender.window() != START {
            sender.until(SETTINGS).await;
        }
        eventually(|| ways.outbound.budgets.buffers.taken() < usize::try_from(3 * MIB).unwrap()).await;
    });
}
