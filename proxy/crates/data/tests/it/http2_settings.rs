//! What the settings of HTTP/2 say is announced to peers, and peers are held to it.

use std::time::{Duration, Instant};

use h2::Reason;
use hauberk_data::config::Config;

use crate::support::calls::Caller;
use crate::support::exchange::post;
use crate::support::frames::{
    ACK, DATA, END_HEADERS, HEADERS, PING, POST, PREFACE, RST_STREAM, SETTINGS, frame, goodbye, until,
};
use crate::support::sender::Sender;
use crate::support::talk::Talk;
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

const INTERVAL: Duration = Duration::from_millis(10);
const SERVERS: [Way; 2] = [Way::Outbound, Way::Inbound];

// Numbers of settings (RFC 9113, 6.5.2).
const STREAMS: u16 = 3;
const STREAM_WINDOW: u16 = 4;
const FRAME: u16 = 5;
const HEADER_LIST: u16 = 6;

/// What a peer announces.
struct Announced(Vec<u8>);

impl Announced {
    fn value(&self, setting: u16) -> Option<u32> {
        let found = self.0.chunks(6).find(|pair| pair[..2] == setting.to_be_bytes())?;
        Some(u32::from_be_bytes([found[2], found[3], found[4], found[5]]))
    }
}

/// A client that has begun a request, and what it was told.
async fn client(ways: &Ways, way: Way) -> (Talk, Announced) {
    let mut client = ways.client(way).await;
    client.say([PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, END_HEADERS, 1, POST)].concat()).await;
    let announced = Announced(until(&mut client, SETTINGS).await);
    (client, announced)
}

fn of_servers(config: &mut Config, change: impl Fn(&mut hauberk_data::config::Http2Server)) {
    change(&mut config.inbound.http.server);
    change(&mut config.outbound.http.server);
}

#[test]
fn clients_are_told_what_they_may_and_are_held_to_it() {
    run(async {
        let ways = Ways::with(|config| {
            of_servers(config, |server| {
                *server = server.with_windows(Some(10_000), Some(100_000));
                (server.streams_max, server.frame_max, server.header_list_max) = (2, 20_000, 9000);
            });
        })
        .await;
        for way in SERVERS {
            let (mut third, announced) = client(&ways, way).await;
            let expected = [(STREAMS, 2), (STREAM_WINDOW, 10_000), (FRAME, 20_000), (HEADER_LIST, 9000)];
            assert_eq!(expected.map(|(setting, _)| announced.value(setting)), expected.map(|(_, value)| Some(value)));
            third.say([3, 5].map(|stream| frame(HEADERS, END_HEADERS, stream, POST)).concat()).await;
            let refused = until(&mut third, RST_STREAM).await;
            assert_eq!(refused, u32::from(Reason::REFUSED_STREAM).to_be_bytes(), "{way:?}: a third stream");
            let (mut large, _) = client(&ways, way).await;
            large.try_say(&frame(DATA, 0, 1, &[0; 20_001])).await;
            assert_eq!(goodbye(&mut large).await, Reason::FRAME_SIZE_ERROR.into(), "{way:?}: a frame");
            let (mut long, _) = client(&ways, way).await;
            // What was announced holds for a client once it has said that it knows.
            long.try_say(&[frame(SETTINGS, ACK, 0, &[]), frame(DATA, 0, 1, &[0; 10_001])].concat()).await;
            let code = until(&mut long, RST_STREAM).await;
            assert_eq!(code, u32::from(Reason::FLOW_CONTROL_ERROR).to_be_bytes(), "{way:?}: more than the window");
        }
    });
}

#[test]
fn programs_are_told_how_much_is_taken_at_once() {
    run(async {
        let ways = Ways::with(|config| {
            let client = &mut config.outbound.http.client;
            *client = client.with_windows(Some(30_000), Some(100_000));
            (client.frame_max, client.header_list_max) = (20_000, 9000);
        })
        .await;
        let caller = Caller::to(ways.through(Way::Outbound)).await;
        let _call = caller.call(post("/"), true).await;
        let mut program = ways.served().await;
        program.take(PREFACE.len()).await;
        let announced = Announced(until(&mut program, SETTINGS).await);
        let expected = [(STREAM_WINDOW, 30_000), (FRAME, 20_000), (HEADER_LIST, 9000)];
        assert_eq!(expected.map(|(setting, _)| announced.value(setting)), expected.map(|(_, value)| Some(value)));
    });
}

fn impatient(config: &mut Config) {
    of_servers(config, |server| {
        (server.keep_alive_interval, server.keep_alive_timeout) = (Some(INTERVAL), 5 * INTERVAL);
    });
}

#[test]
fn a_client_that_answers_pings_stays_and_one_that_does_not_is_let_go() {
    run(async {
        let ways = Ways::with(impatient).await;
        for (way, proxy) in [(Way::Outbound, &ways.outbound), (Way::Inbound, &ways.plain)] {
            let mut alive = Sender::new(client(&ways, way).await.0, 1);
            for _ in 0..20 {
                alive.until_asked().await;
                alive.answer().await;
            }
            assert_eq!(proxy.worker.open(), 1, "{way:?}");
            alive.until_asked().await;
            alive.talk.rest().await;
            eventually(|| proxy.worker.open() == 0).await;
        }
    });
}

#[test]
fn without_keep_alive_a_client_at_rest_is_not_asked() {
    run(async {
        let ways = Ways::with(|config| of_servers(config, |server| server.keep_alive_interval = None)).await;
        for way in SERVERS {
            let mut client = Sender::new(client(&ways, way).await.0, 1);
            client.until_answered().await;
            let rests = Instant::now();
            eventually(|| rests.elapsed() > 10 * INTERVAL).await;
            client.until_answered().await;
            assert!(!client.is_asked(), "{way:?}");
        }
    });
}

#[test]
fn a_program_that_answers_no_pings_is_given_up() {
    run(async {
        let ways = Ways::with(|config| {
            let client = &mut config.outbound.http.client;
            (client.keep_alive_interval, client.keep_alive_timeout) = (Some(INTERVAL), 5 * INTERVAL);
        })
        .await;
        let caller = Caller::to(ways.through(Way::Outbound)).await;
        let (response, _) = caller.call(post("/"), true).await;
        let mut program = ways.served().await;
        program.take(PREFACE.len()).await;
        program.say([frame(SETTINGS, 0, 0, &[]), frame(SETTINGS, ACK, 0, &[])].concat()).await;
        until(&mut program, PING).await;
        assert_eq!(response.await.unwrap().status(), 502);
        program.rest().await;
    });
}
