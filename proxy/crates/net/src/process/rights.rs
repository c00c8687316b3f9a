//! What a child process may do, arranged between fork and exec.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::capabilities::{drop_bounding_set, keep_only, refuse_privileges};
use super::{SignalMask, check};
use crate::namespace::{BindMount, mount_privately};

/// As whom and with which rights a child runs. It is killed when the thread that started it ends.
#[derive(Clone, Debug)]
pub struct Rights {
    /// User.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Supplementary groups; all others are given up.
    pub groups: Vec<u32>,
    /// The most that the child and its children can ever have (their bounding set), as bits.
    pub capabilities: u64,
    /// Whether programs with the set-user-ID bit gain nothing (prctl(2), `PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: bool,
    /// Whether it leaves the terminal's session, so that its keys do not reach it.
    pub own_session: bool,
    /// Where it starts, entered with its own rights.
    pub directory: CString,
    /// Files that it sees in the place of others; none: it shares the host's mounts.
    pub mounts: Vec<BindMount>,
    /// The signals that it starts with blocked.
    pub signal_mask: SignalMask,
}

/// A step between fork and exec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Step {
    /// Leaving the session.
    Session = 1,
    /// The mount namespace.
    Mount,
    /// Giving up capabilities.
    Capabilities,
    /// Changing user and groups.
    User,
    /// Entering the directory.
    Directory,
    /// Tying its life to its parent's.
    ParentDeath,
    /// The signal mask.
    SignalMask,
}

/// Why a child did not come into being: in a step before exec, or in exec itself (`step` is `None`).
#[derive(Debug)]
pub struct FailedStep {
    /// Which one.
    pub step: Option<Step>,
    /// The kernel's answer.
    pub error: io::Error,
}

/// Beyond all error numbers; what a child tells its parent about a failure is one number only.
const STEP_FACTOR: i32 = 1 << 16;

impl Rights {
    /// Makes `command` start with these rights.
    pub fn limit(self, command: &mut Command) {
        let parent = std::process::id();
        // SAFETY: the closure runs between fork and exec; it only makes system calls on memory prepared before the
        // fork, allocates nothing and takes no lock.
        unsafe { command.pre_exec(move || self.apply(parent)) };
    }

    fn apply(&self, parent: u32) -> io::Result<()> {
        if self.own_session {
            // SAFETY: takes nothing. A just forked child is no group leader, so it succeeds.
            at(Step::Session, check(unsafe { libc::setsid() }))?;
        }
        if !self.mounts.is_empty() {
            at(Step::Mount, mount_privately(&self.mounts))?;
        }
        at(Step::Capabilities, drop_bounding_set(self.capabilities))?;
        at(Step::User, self.change_user())?;
        at(Step::Capabilities, keep_only(self.capabilities))?;
        if self.no_new_privileges {
            at(Step::Capabilities, refuse_privileges())?;
        }
        // SAFETY: the path ends in NUL and lives during the call.
        at(Step::Directory, check(unsafe { libc::chdir(self.directory.as_ptr()) }))?;
        at(Step::ParentDeath, die_with(parent))?;
        at(Step::SignalMask, self.signal_mask.restore())
    }

    fn change_user(&self) -> io::Result<()> {
        let (count, groups) = (self.groups.len(), self.groups.as_ptr());
        // SAFETY: the pointer is to `count` group numbers.
        check(unsafe { libc::setgroups(count, groups) })?;
        // SAFETY: takes integers.
        check(unsafe { libc::setresgid(self.gid, self.gid, self.gid) })?;
        // SAFETY: takes integers.
        check(unsafe { libc::setresuid(self.uid, self.uid, self.uid) })
    }
}

impl FailedStep {
    /// Reads the error of `Command::spawn` for a command that was limited.
    pub fn of(error: io::Error) -> Self {
        let step = |raw: i32| {
            const STEPS: [Step; 7] = [
                Step::Session,
                Step::Mount,
                Step::Capabilities,
                Step::User,
                Step::Directory,
                Step::ParentDeath,
                Step::SignalMask,
            ];
            STEPS.into_iter().find(|step| raw / STEP_FACTOR == *step as i32)
        };
        match error.raw_os_error() {
            Some(raw) => match step(raw) {
                Some(step) => Self { step: Some(step), error: io::Error::from_raw_os_error(raw % STEP_FACTOR) },
                None => Self { step: None, error },
            },
            None => Self { step: None, error },
        }
    }
}

/// After the change of user, which resets the setting. A parent that ended before it would never be noticed.
fn die_with(parent: u32) -> io::Result<()> {
    // SAFETY: the option takes an integer.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong) })?;
    let is_there = std::os::unix::process::parent_id() == parent;
    if is_there { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
}

fn at(step: Step, result: io::Result<()>) -> io::Result<()> {
    result
        .map_err(|e| io::Error::from_raw_os_error(step as i32 * STEP_FACTOR + e.raw_os_error().unwrap_or(libc::EINVAL)))
}
