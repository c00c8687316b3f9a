//! A watcher that outlives its parent for long enough to end what the parent leaves behind.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;

use super::{SignalMask, check, kill};
use crate::namespace::NamespaceId;

/// How often and in which intervals the processes of a namespace are looked for and killed, until none is left.
const SWEEPS_MAX: u32 = 200;
const SWEEP_INTERVAL: Duration = Duration::from_millis(10);
/// How far up a family is followed.
const GENERATIONS_MAX: u32 = 64;

/// A process that waits for the end of its parent, in whatever way that ends, SIGKILL included, and then kills every
/// other process in the parent's network namespace: descendants that left their parents are found by nothing else. As
/// long as the parent lives, its descendants in namespaces of their own (a browser's, say) are found too.
#[derive(Debug)]
pub struct Guard {
    pid: u32,
    /// Its other end reads "end of file" when this process is gone or lets go.
    lifeline: OwnedFd,
}

impl Guard {
    /// Starts the watcher of the namespace that the process is in. To be called while the process has one thread only:
    /// the watcher is a fork that does not exec.
    pub fn start() -> io::Result<Self> {
        let namespace = NamespaceId::of(std::process::id())?;
        let parent = std::process::id();
        let (watched, lifeline) = pipe()?;
        // SAFETY: with one thread there is no lock that another one could hold across the fork.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                watch(watched, namespace, parent);
                // SAFETY: ends the fork at once, without what its parent registered for its own exit.
                unsafe { libc::_exit(0) }
            }
            pid => Ok(Self { pid: pid.unsigned_abs(), lifeline }),
        }
    }

    /// The watcher's pid, so that its parent can wait for it.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Tells the watcher to do its work now, and to end.
    pub fn release(self) {
        drop(self.lifeline);
    }
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0 as RawFd; 2];
    // SAFETY: the array has room for two descriptors.
    check(unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) })?;
    // SAFETY: the descriptor was just made and belongs to nobody else.
    let own = |fd| unsafe { OwnedFd::from_raw_fd(fd) };
    Ok((own(ends[0]), own(ends[1])))
}

fn watch(lifeline: OwnedFd, namespace: NamespaceId, parent: u32) {
    if detach(&lifeline).is_err() {
        return;
    }
    let mut byte = [0];
    let mut lifeline = File::from(lifeline);
    while lifeline.read(&mut byte).is_err_and(|e| e.kind() == io::ErrorKind::Interrupted) {}
    for _ in 0..SWEEPS_MAX {
        if sweep(namespace, parent) == 0 {
            return;
        }
        std::thread::sleep(SWEEP_INTERVAL);
    }
}

/// Holds nothing of the parent's open, hears no signal but SIGKILL, and has a name.
fn detach(lifeline: &OwnedFd) -> io::Result<()> {
    // Stays open beside its three copies only where it is one of them.
    let null = File::options().read(true).write(true).open("/dev/null")?.into_raw_fd();
    let keep = lifeline.as_raw_fd().unsigned_abs();
    for standard in 0..3 {
        // SAFETY: takes integers; nothing in this fork relies on what the standard streams were.
        check(unsafe { libc::dup2(null, standard) })?;
    }
    if keep > 3 {
        close_all(3, keep - 1)?;
    }
    close_all(keep + 1, libc::c_uint::MAX)?;
    SignalMask::full().restore()?;
    // SAFETY: takes nothing; a fork that leads a session already stays in it.
    unsafe { libc::setsid() };
    // SAFETY: the name ends in NUL and lives during the call.
    check(unsafe { libc::prctl(libc::PR_SET_NAME, c"hauberk-guard".as_ptr()) })
}

fn close_all(first: libc::c_uint, last: libc::c_uint) -> io::Result<()> {
    // SAFETY: takes integers; nothing else in this fork uses these descriptors.
    check(unsafe { libc::close_range(first, last, 0) })
}

/// Kills what is in the namespace or descends from the parent, but for this process and its parent; how many there were.
fn sweep(namespace: NamespaceId, parent: u32) -> usize {
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
    let own = std::process::id();
    // The number of a parent that is gone may be another process's.
    let ancestor = (std::os::unix::process::parent_id() == parent).then_some(parent);
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own && *pid != parent)
        .filter(|pid| {
            NamespaceId::of(*pid).is_ok_and(|id| id == namespace) || ancestor.is_some_and(|it| descends(*pid, it))
        })
        .filter(|pid| kill(*pid, libc::SIGKILL).is_ok())
        .count()
}

/// Whether `ancestor` is among the parents of `pid`, which is alive.
fn descends(pid: u32, ancestor: u32) -> bool {
    let mut next = living_parent(pid);
    for _ in 0..GENERATIONS_MAX {
        match next {
            Some(parent) if parent == ancestor => return true,
            Some(parent) => next = living_parent(parent),
            None => return false,
        }
    }
    false
}

/// The parent of a process; `None` when it ended (proc(5), `/proc/PID/stat`).
fn living_parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_name, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.next()?.parse().ok(),
    }
}
