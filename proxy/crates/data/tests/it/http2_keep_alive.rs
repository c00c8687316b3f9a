//! Pings that find out whether the other side of an HTTP/2 connection is still there.

use std::time::{Duration, Instant};

use hauberk_data::config::Config;

use crate::support::calls::Caller;
use crate::support::exchange::post;
use crate::support::frames::{END_HEADERS, END_STREAM, HEADERS, OK, PREFACE, SETTINGS, frame};
use crate::support::sender::Sender;
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

const INTERVAL: Duration = Duration::from_millis(10);

fn pings(config: &mut Config, while_idle: bool) {
    let client = &mut config.outbound.http.client;
    client.keep_alive_interval = Some(INTERVAL);
    client.keep_alive_while_idle = while_idle;
}

/// A program that has one request, whose answer is not over.
async fn busy(ways: &Ways) -> (Caller, h2::client::ResponseFuture, Sender) {
    let caller = Caller::to(ways.through(Way::Outbound)).await;
    let (response, _) = caller.call(post("/"), true).await;
    let mut talk = ways.served().await;
    talk.take(PREFACE.len()).await;
    talk.say(frame(SETTINGS, 0, 0, &[])).await;
    let mut program = Sender::new(talk, 1);
    program.until(HEADERS).await;
    (caller, response, program)
}

async fn answered(response: h2::client::ResponseFuture, program: &mut Sender) {
    program.talk.say(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)).await;
    response.await.unwrap();
}

#[test]
fn connections_at_rest_are_pinged_where_that_is_wanted() {
    run(async {
        let ways = Ways::with(|config| pings(config, true)).await;
        let (_caller, response, mut program) = busy(&ways).await;
        answered(response, &mut program).await;
        for _ in 0..3 {
            program.until_asked().await;
            program.answer().await;
        }
    });
}

#[test]
fn connections_at_rest_are_left_alone_where_that_is_wanted_and_busy_ones_are_not() {
    run(async {
        let ways = Ways::with(|config| pings(config, false)).await;
        let (caller, response, mut program) = busy(&ways).await;
        program.until_asked().await;
        answered(response, &mut program).await;
        program.answer().await;
        program.until_answered().await;
        let rests = Instant::now();
        eventually(|| rests.elapsed() > 10 * INTERVAL).await;
        program.until_answered().await;
        assert!(!program.is_asked());
        let (_response, _) = caller.call(post("/"), true).await;
        program.until_asked().await;
    });
}
