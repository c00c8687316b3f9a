//! What a process can still do once it is confined. Each test runs itself again as a process of its own: there is no way back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus};

use hauberk_net::process::{Forbidden, forbid, give_up_privileges};

const MARK: &str = "HAUBERK_TEST_CONFINED";

/// Runs the rest of the test named `test` in a process of its own: `None` in there.
fn apart(test: &str) -> Option<ExitStatus> {
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let own = std::env::current_exe().unwrap();
    // One thread: the harness prints what failed only when it is told not to capture it.
    let arguments = [test, "--exact", "--nocapture", "--test-threads=1"];
    Some(Command::new(own).args(arguments).env(MARK, "1").status().unwrap())
}

fn assert_refused<T>(what: &str, result: io::Result<T>) {
    let error = result.err().unwrap_or_else(|| panic!("{what} is possible"));
    assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{what}: {error}");
}

fn status_of(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

#[test]
fn what_a_proxy_does_goes_on_and_nothing_else_does() {
    if let Some(status) = apart("what_a_proxy_does_goes_on_and_nothing_else_does") {
        assert!(status.success(), "{status}");
        return;
    }
    forbid(Forbidden::Refused).unwrap();
    assert_eq!((status_of("Seccomp").as_str(), status_of("NoNewPrivs").as_str()), ("2", "1"));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let client = std::thread::spawn(move || TcpStream::connect(addr).map(|_| ()));
    listener.accept().unwrap();
    client.join().unwrap().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        assert!(tokio::net::lookup_host("localhost:1").await.unwrap().next().is_some());
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    });
    assert!(std::thread::spawn(|| std::panic::catch_unwind(|| panic!("a wanted one"))).join().unwrap().is_err());

    assert_refused("starting a program", Command::new("/bin/true").status());
    assert_refused("writing a file", std::fs::File::create("/dev/null"));
    assert_refused("removing a file", std::fs::remove_file("/nowhere"));
    assert_refused("looking around as another root", std::os::unix::fs::chroot("/"));
    assert_refused("a raw view of the network", socket2::Socket::new(libc::AF_PACKET.into(), socket2::Type::RAW, None));
    assert_refused("a namespace", hauberk_net::namespace::Namespace::unshare());
    assert_refused("a signal to others", hauberk_net::process::kill(1, 0));
}

#[test]
fn what_is_forbidden_can_be_fatal() {
    if let Some(status) = apart("what_is_forbidden_can_be_fatal") {
        assert_eq!(status.signal(), Some(libc::SIGSYS), "{status}");
        return;
    }
    forbid(Forbidden::Fatal).unwrap();
    let _ = std::fs::remove_file("/nowhere");
}

#[test]
fn privileges_are_given_up_for_good() {
    if let Some(status) = apart("privileges_are_given_up_for_good") {
        assert!(status.success(), "{status}");
        return;
    }
    give_up_privileges().unwrap();
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(u64::from_str_radix(&status_of(set), 16), Ok(0), "{set}");
    }
    assert_eq!(status_of("NoNewPrivs"), "1");
}
