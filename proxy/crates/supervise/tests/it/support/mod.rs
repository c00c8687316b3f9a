//! A host of its own for each test: the test's thread moves into a fresh network namespace, and what it starts is in it
//! too. So the machine's own network, and other tests, are never touched.

pub(crate) mod api;
pub(crate) mod spec;
pub(crate) mod workload;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hauberk_net::namespace::Namespace;
use hauberk_net::process;

pub(crate) use api::Api;
pub(crate) use workload::Workload;

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The pretended machine.
pub(crate) struct Host {
    pub(crate) dir: PathBuf,
    pub(crate) api: Api,
}

impl Host {
    /// `None`, with a word why, where the test cannot run.
    pub(crate) fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !process::is_root() {
            eprintln!("skipped: network namespaces need root");
            return None;
        }
        Namespace::unshare().expect("a network namespace for the test");
        sh("ip link set lo up");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("hauberk-supervise-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        sh(&format!("chmod 755 {}", dir.display()));
        let api = Api::start(&dir.join("api.sock"));
        Some(Self { dir, api })
    }

    /// Fails if anything is left of workloads.
    pub(crate) fn assert_clean(&self) {
        let links = sh("ip -oneline link");
        assert_eq!(links.lines().count(), 1, "interfaces are left:\n{links}");
        let workloads = self.dir.join("workloads");
        let left: Vec<_> = std::fs::read_dir(&workloads).into_iter().flatten().collect();
        assert!(left.is_empty(), "files are left: {left:?}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Runs a command in the test's namespace; its output.
pub(crate) fn sh(script: &str) -> String {
    let output = Command::new("/bin/sh").args(["-c", script]).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until `condition` has something to say.
pub(crate) fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(result) = condition() {
            return result;
        }
        assert!(begin.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A file's text once it is there and not empty.
pub(crate) fn text_of(path: &Path) -> String {
    eventually(&format!("{} has text", path.display()), || std::fs::read_to_string(path).ok().filter(|t| !t.is_empty()))
}

/// Whether a process with this pid is alive: neither gone nor a zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        !matches!(state, None | Some('Z' | 'X'))
    })
}

/// A program that cargo built beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let path = profile.join("examples").join(name);
    assert!(path.exists(), "{} is missing; cargo builds it when all tests of this package are run", path.display());
    path
}
