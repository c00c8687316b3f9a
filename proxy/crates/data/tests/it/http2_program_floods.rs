//! Programs whose frames cost the proxy work and them nothing.

use http::{Response, StatusCode};

use crate::support::calls::{Caller, Calls, read};
use crate::support::exchange::post;
use crate::support::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, OK, PING, PREFACE, PRIORITY, SETTINGS, WINDOW_UPDATE,
    frame, until,
};
use crate::support::run;
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};

/// More of them than anybody needs.
const MANY: usize = 5000;
/// `SETTINGS_MAX_CONCURRENT_STREAMS` of 1 (RFC 9113, 6.5.2).
const ONE_AT_A_TIME: &[u8] = &[0, 3, 0, 0, 0, 1];
/// The last stream of a goodbye that leaves none out, and no error.
const ALL_ARE_TAKEN: &[u8] = &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
const WAYS: [Way; 2] = [Way::Outbound, Way::Inbound];

/// What comes instead of an answer on stream 1.
fn floods() -> Vec<(&'static str, Vec<u8>)> {
    let many = |kind, stream, payload: &[u8]| frame(kind, 0, stream, payload).repeat(MANY);
    vec![
        ("ping", many(PING, 0, &[0; 8])),
        ("settings", many(SETTINGS, 0, b"")),
        ("priority", many(PRIORITY, 1, &[0, 0, 0, 0, 16])),
        ("goodbye", many(GOAWAY, 0, ALL_ARE_TAKEN)),
        ("window update", many(WINDOW_UPDATE, 0, &[0, 0, 0, 1]).repeat(3)),
        ("unknown", many(77, 0, b"abc")),
        ("continuation", [frame(HEADERS, 0, 1, OK), many(CONTINUATION, 1, b"")].concat()),
        ("header bomb", bomb()),
    ]
}

/// An answer of 13 kB whose head would be 30 MB: the table of HPACK holds one large field, and all others refer to it.
fn bomb() -> Vec<u8> {
    let (large, again) = ([&b"\x40\x01a\x7f\xb9\x16"[..], &[b'b'; 3000]].concat(), b"\xbe".repeat(10_000));
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &[OK, &large, &again].concat())
}

/// Proxies that send no pings: one that is not answered would end a connection that its flood does not end.
async fn ways() -> Ways {
    Ways::with(|config| config.outbound.http.client.keep_alive_interval = None).await
}

/// The program's end of the next connection, over which a request came. It takes no other one until that is over.
async fn busy(ways: &Ways) -> Talk {
    let mut program = ways.served().await;
    program.take(PREFACE.len()).await;
    until(&mut program, HEADERS).await;
    program.say([frame(SETTINGS, 0, 0, ONE_AT_A_TIME), frame(PING, 0, 0, b"have you")].concat()).await;
    assert_eq!(until(&mut program, PING).await, b"have you");
    program
}

/// A request after the flood takes another connection to the program.
async fn goes_on(ways: &Ways, caller: &Caller, what: &str) {
    let (response, _) = caller.call(post("/"), true).await;
    let mut calls = Calls::over(ways.program.next().await).await;
    calls.next().await.1.send_response(Response::new(()), true).unwrap();
    assert_eq!(response.await.unwrap().status(), StatusCode::OK, "{what}");
}

#[test]
fn a_program_that_floods_loses_the_one_connection() {
    run(async {
        for way in WAYS {
            for (kind, flood) in floods() {
                let what = format!("{way:?}: {kind}");
                let ways = ways().await;
                let caller = Caller::to(ways.through(way)).await;
                let (beside, _) = caller.call(post("/"), true).await;
                let mut neighbour = busy(&ways).await;
                let (response, _) = caller.call(post("/"), true).await;
                let mut hostile = busy(&ways).await;
                hostile.try_say(&flood).await;
                hostile.rest().await;
                assert_eq!(response.await.unwrap().status(), StatusCode::BAD_GATEWAY, "{what}");
                goes_on(&ways, &caller, &what).await;
                neighbour.say(frame(HEADERS, END_HEADERS | END_STREAM, 1, OK)).await;
                assert_eq!(beside.await.unwrap().status(), StatusCode::OK, "{what}");
            }
        }
    });
}

#[test]
fn an_answer_of_nothing_but_empty_frames_is_cut_off() {
    run(async {
        for way in WAYS {
            let ways = ways().await;
            let caller = Caller::to(ways.through(way)).await;
            let (response, _) = caller.call(post("/"), true).await;
            let mut hostile = busy(&ways).await;
            hostile.say(frame(HEADERS, END_HEADERS, 1, OK)).await;
            let mut response = response.await.unwrap();
            hostile.try_say(&frame(DATA, 0, 1, b"").repeat(MANY)).await;
            hostile.rest().await;
            assert!(read(response.body_mut()).await.unwrap_err().is_reset(), "{way:?}");
            goes_on(&ways, &caller, "empty data").await;
        }
    });
}
