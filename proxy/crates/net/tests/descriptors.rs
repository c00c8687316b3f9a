//! A process that is out of descriptors still reaches whom it must. Alone in its process, whose limit it lowers.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use hauberk_net::descriptors::{RESERVE, are_out};
use hauberk_net::listen::{KeepAlive, connect};

/// The lowest limit that leaves so many descriptors (getrlimit(2): the limit is a number that none may have).
fn leave(count: usize) {
    let free: Vec<_> = (0..count).map(|_| File::open("/dev/null").expect("there are many")).collect();
    let next = File::open("/dev/null").expect("there are many");
    let limit = std::os::fd::AsRawFd::as_raw_fd(&next);
    drop(free);
    let own = std::process::id().to_string();
    let lowered = std::process::Command::new("prlimit").args(["--pid", &own, &format!("--nofile={limit}:")]).status();
    assert!(lowered.expect("prlimit(1) is there").success());
}

#[test]
fn what_is_kept_back_serves_connections_until_there_are_descriptors_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    let dial = || runtime.block_on(connect(addr, Duration::from_secs(5), KeepAlive::default()));
    assert!(RESERVE.is_whole() && !RESERVE.give_up(), "nothing is kept unless somebody says so");
    RESERVE.keep(2).unwrap();
    leave(2);
    let others: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let first = dial().unwrap();
    assert!(!RESERVE.is_whole());
    let second = dial().unwrap();
    assert!(are_out(&dial().unwrap_err()));
    drop(first);
    assert!(!RESERVE.is_whole(), "one of two is back");
    drop(second);
    assert!(RESERVE.is_whole());
    assert!(File::open("/dev/null").is_err(), "what is kept is nobody else's");
    assert!(RESERVE.keep(3).is_err() && RESERVE.is_whole(), "what cannot be had changes nothing");
    drop(others);
    assert!(dial().is_ok() && RESERVE.is_whole());
}
