//! Connections to programs that end without a goodbye, and requests that meet them.

use crate::support::frames::{
    END_HEADERS, END_STREAM, HEADERS, OK, POST, PREFACE, SETTINGS, WINDOW_UPDATE, frame, until,
};
use crate::support::run;
use crate::support::sender::Sender;
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};

const WHOLE: u8 = END_HEADERS | END_STREAM;

fn request(stream: u32) -> Vec<u8> {
    frame(HEADERS, WHOLE, stream, POST)
}

/// A client with one request on its way.
async fn client(ways: &Ways, way: Way) -> Talk {
    let mut client = ways.client(way).await;
    client.say([PREFACE, &frame(SETTINGS, 0, 0, &[]), &request(1)].concat()).await;
    client
}

/// The program's end of the next connection, on which a request came.
async fn served(ways: &Ways) -> Talk {
    let mut program = ways.served().await;
    program.take(PREFACE.len()).await;
    program.say(frame(SETTINGS, 0, 0, &[])).await;
    until(&mut program, HEADERS).await;
    program
}

/// The program's next answer, as the client gets it, is a good one.
async fn answers(program: &mut Talk, client: &mut Talk, way: Way) {
    program.say(frame(HEADERS, WHOLE, 1, OK)).await;
    assert_eq!(until(client, HEADERS).await[..1], *OK, "{way:?}");
}

fn ends(program: Talk, abruptly: bool) {
    if abruptly { program.reset() } else { drop(program) }
}

#[test]
fn a_request_meets_an_idle_connection_that_ended_just_now_and_takes_another_one() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            for abruptly in [false, true] {
                let ways = Ways::new().await;
                let mut client = client(&ways, way).await;
                let mut program = served(&ways).await;
                answers(&mut program, &mut client, way).await;
                for number in 1..20 {
                    // The proxy hears of the request before it hears of the end, which is there all the same.
                    client.say(request(2 * number + 1)).await;
                    ends(program, abruptly);
                    program = served(&ways).await;
                    answers(&mut program, &mut client, way).await;
                }
            }
        }
    });
}

/// The largest windows that there are: the kernel alone bounds what comes.
fn endless() -> Vec<u8> {
    let most = (1_u32 << 31) - 1;
    let windows = [&[0, 4][..], &most.to_be_bytes()].concat();
    [frame(SETTINGS, 0, 0, &windows), frame(WINDOW_UPDATE, 0, 0, &(most - 65_535).to_be_bytes())].concat()
}

#[test]
fn a_request_that_waits_behind_others_when_its_connection_ends_takes_another_one() {
    run(async {
        for way in [Way::Outbound, Way::Inbound] {
            let ways = Ways::new().await;
            let mut client = ways.client(way).await;
            client.say([PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, END_HEADERS, 1, POST)].concat()).await;
            let mut client = Sender::new(client, 1);
            let mut program = ways.served().await;
            program.say(endless()).await;
            // It reads nothing: more and more waits, at last in the proxy.
            let mut still = 0;
            while still < 10 {
                let before = client.sent;
                client.until_answered().await;
                client.burst().await;
                still = if client.sent == before { still + 1 } else { 0 };
            }
            client.talk.say(request(3)).await;
            client.until_answered().await;
            program.reset();
            let mut program = served(&ways).await;
            // The first one may have been processed.
            assert_ne!(until(&mut client.talk, HEADERS).await[..1], *OK, "{way:?}");
            answers(&mut program, &mut client.talk, way).await;
        }
    });
}
