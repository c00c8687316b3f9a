//! Child processes with fewer rights, their signals and their end.

mod capabilities;
mod guard;
mod needed;
mod rights;
mod seccomp;
mod signals;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

pub use capabilities::{CONTAINER_CAPABILITIES, give_up_privileges};
pub use guard::Guard;
pub use rights::{FailedStep, Rights, Step};
pub use seccomp::{Forbidden, forbid};
pub use signals::{Deliveries, Delivery, SignalMask, Signals};

/// Whether the process may do what this crate's other functions need: its effective user is root.
pub fn is_root() -> bool {
    effective_user() == 0
}

/// The user whose rights the process has, and to whom its connections belong.
pub fn effective_user() -> u32 {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

/// Makes this process the parent of every descendant whose own parent ended (prctl(2), `PR_SET_CHILD_SUBREAPER`).
pub fn adopt_orphans() -> io::Result<()> {
    let on: libc::c_ulong = 1;
    // SAFETY: the option takes an integer.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, on) })
}

/// Takes the exit status of one child that ended; `None` when there is none now.
pub fn reap() -> io::Result<Option<(u32, ExitStatus)>> {
    let mut status = 0;
    // SAFETY: `status` is a valid place for an int during the call.
    match unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
        0 => Ok(None),
        -1 => match io::Error::last_os_error() {
            e if e.raw_os_error() == Some(libc::ECHILD) => Ok(None),
            e => Err(e),
        },
        pid => Ok(Some((pid.unsigned_abs(), ExitStatus::from_raw(status)))),
    }
}

/// Sends a signal to one process; that it is gone already is no error.
pub fn kill(pid: u32, signal: i32) -> io::Result<()> {
    let Ok(pid) = libc::pid_t::try_from(pid) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    // SAFETY: takes no pointers. A pid of a process not yet reaped by its parent is never reused.
    match check(unsafe { libc::kill(pid, signal) }) {
        Err(e) if e.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        result => result,
    }
}

/// Whether `pid` is in this process's own group, and so gets what a terminal sends to the group.
pub fn shares_group(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: takes an integer; an unknown pid answers -1, which is no group.
    let group = unsafe { libc::getpgid(pid) };
    // SAFETY: takes nothing and cannot fail.
    group == unsafe { libc::getpgrp() }
}

/// Puts `/dev/null` in the place of this process's standard input and output, which its children have by now. The error
/// stream stays.
pub fn let_go_of_standard_streams() -> io::Result<()> {
    let null = File::options().read(true).write(true).open("/dev/null")?;
    for standard in [libc::STDIN_FILENO, libc::STDOUT_FILENO] {
        // SAFETY: takes no pointers; nothing in this process relies on what these two descriptors were.
        check(unsafe { libc::dup2(null.as_raw_fd(), standard) })?;
    }
    Ok(())
}

/// Raises the number of descriptors that this process may have open as far as it goes (setrlimit(2)), and returns the one
/// that is in force then.
pub fn raise_open_files() -> io::Result<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the structure during the call.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    let raised = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
    // SAFETY: `raised` is only read. The kernel may have a lower bound of its own; then what was in force stays.
    match check(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const raised) }) {
        Ok(()) => Ok(raised.rlim_cur),
        Err(_) => Ok(limit.rlim_cur),
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
