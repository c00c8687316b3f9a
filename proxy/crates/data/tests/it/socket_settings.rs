//! Settings that the kernel acts on: its probes of silent peers, and how long it sends what nobody takes.

use std::net::SocketAddr;
use std::time::Duration;

use hauberk_data::config::Config;
use hauberk_net::listen::KeepAlive;

use crate::support::talk::{End, Talk};
use crate::support::ways::{Way, Ways};
use crate::support::{eventually, run};

const GET: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const WAYS: [Way; 2] = [Way::Outbound, Way::Inbound];
/// More than the kernel and a proxy take for somebody who takes nothing.
const LARGE: usize = 32 << 20;
/// How the kernel counts the time that a timer has left (proc(5)).
const TICKS: u64 = 100;

/// Seconds before the first probe: of clients, of programs.
const OUTBOUND: [u64; 2] = [1000, 2000];
const INBOUND: [u64; 2] = [3000, 4000];

fn idle(seconds: u64) -> KeepAlive {
    KeepAlive { idle: Some(Duration::from_secs(seconds)), user_timeout: None }
}

/// For each connection between these, the seconds that are left before the kernel probes its peer, if it does.
fn until_probed(local: Option<SocketAddr>, remote: Option<SocketAddr>) -> Vec<Option<u64>> {
    const ESTABLISHED: &str = "01";
    const PROBE: &str = "02";
    let is = |written: &str, end: Option<SocketAddr>| {
        end.is_none_or(|end| written.ends_with(&format!(":{:04X}", end.port())))
    };
    let left = |timer: &str| {
        let (kind, ticks) = timer.split_once(':').unwrap();
        (kind == PROBE).then(|| u64::from_str_radix(ticks, 16).unwrap() / TICKS)
    };
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| is(row[1], local) && is(row[2], remote) && row[3] == ESTABLISHED)
        .map(|row| left(row[5]))
        .collect()
}

#[test]
fn silent_peers_are_probed_after_the_time_of_their_side() {
    run(async {
        let ways = Ways::with(|config| {
            (config.outbound.accept_keep_alive, config.outbound.connect_keep_alive) =
                (idle(OUTBOUND[0]), idle(OUTBOUND[1]));
            (config.inbound.accept_keep_alive, config.inbound.connect_keep_alive) =
                (idle(INBOUND[0]), idle(INBOUND[1]));
        })
        .await;
        for (way, [of_client, of_program]) in WAYS.into_iter().zip([OUTBOUND, INBOUND]) {
            let addr = ways.through(way);
            let mut client = Talk::to(addr).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            let near =
                |expected: u64, all: Vec<Option<u64>>| all.iter().flatten().any(|left| left.abs_diff(expected) < 60);
            eventually(|| near(of_client, until_probed(Some(addr), None))).await;
            eventually(|| near(of_program, until_probed(None, Some(ways.program.addr)))).await;
        }
    });
}

#[test]
fn peers_are_not_probed_where_nobody_wants_it() {
    run(async {
        let ways = Ways::new().await;
        for way in WAYS {
            let addr = ways.through(way);
            let mut client = Talk::to(addr).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            for all in [until_probed(Some(addr), None), until_probed(None, Some(ways.program.addr))] {
                assert!(!all.is_empty() && all.iter().all(Option::is_none), "{way:?}: {all:?}");
            }
        }
    });
}

fn impatient(config: &mut Config, of_clients: bool) {
    let limit = KeepAlive { idle: None, user_timeout: Some(Duration::from_millis(100)) };
    for (accept, connect) in [
        (&mut config.inbound.accept_keep_alive, &mut config.inbound.connect_keep_alive),
        (&mut config.outbound.accept_keep_alive, &mut config.outbound.connect_keep_alive),
    ] {
        *(if of_clients { accept } else { connect }) = limit;
    }
}

#[test]
fn a_client_that_takes_nothing_for_longer_than_its_side_allows_is_gone() {
    run(async {
        let ways = Ways::with(|config| impatient(config, true)).await;
        for (way, proxy) in [(Way::Outbound, &ways.outbound), (Way::Inbound, &ways.plain)] {
            let mut client = Talk::to_with_little_room(ways.through(way)).await;
            client.say(GET).await;
            let mut program = ways.served().await;
            program.head().await;
            program.say(format!("HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n")).await;
            assert!(!program.try_say(&vec![b'x'; LARGE]).await, "{way:?}: all was taken");
            eventually(|| proxy.worker.open() == 0).await;
            assert_eq!(client.rest().await.1, End::Reset, "{way:?}");
        }
    });
}

#[test]
fn a_program_that_takes_nothing_for_longer_than_its_side_allows_is_gone() {
    run(async {
        let ways = Ways::with(|config| impatient(config, false)).await;
        for way in WAYS {
            let mut client = ways.client(way).await;
            client.say(format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {LARGE}\r\n\r\n")).await;
            let mut program = ways.served().await;
            program.head().await;
            client.try_say(&vec![b'x'; LARGE]).await;
            let (answer, _) = client.rest().await;
            assert!(answer.starts_with("HTTP/1.1 502 "), "{way:?}: {answer}");
            program.rest().await;
        }
    });
}
