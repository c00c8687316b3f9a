//! What a child process may do, arranged between fork and exec.

use std::ffi::CString;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::{SignalMask, check};
use crate::namespace::{BindMount, mount_privately};

/// The capabilities (capabilities(7), as bits) that a process running as root keeps in a usual container, without
/// those that reach beyond it: no NET_RAW (it could pass the redirect by), MKNOD or SETFCAP (the files are the host's).
pub const CONTAINER_CAPABILITIES: u64 = 1 << 0 // CHOWN
    | 1 << 1 // DAC_OVERRIDE
    | 1 << 3 // FOWNER
    | 1 << 4 // FSETID
    | 1 << 5 // KILL
    | 1 << 6 // SETGID
    | 1 << 7 // SETUID
    | 1 << 8 // SETPCAP
    | 1 << 10 // NET_BIND_SERVICE
    | 1 << 18 // SYS_CHROOT
    | 1 << 29; // AUDIT_WRITE

/// Capability numbers fit in 64 bits (capset(2), version 3).
const CAPABILITY_BITS: u32 = 64;

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
        at(Step::Capabilities, self.drop_bounding_set())?;
        at(Step::User, self.change_user())?;
        at(Step::Capabilities, self.drop_capabilities())?;
        // SAFETY: the path ends in NUL and lives during the call.
        at(Step::Directory, check(unsafe { libc::chdir(self.directory.as_ptr()) }))?;
        at(Step::ParentDeath, die_with(parent))?;
        at(Step::SignalMask, self.signal_mask.restore())
    }

    fn drop_bounding_set(&self) -> io::Result<()> {
        for capability in (0..CAPABILITY_BITS).filter(|bit| self.capabilities & (1 << bit) == 0) {
            // SAFETY: the option takes an integer.
            match check(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(capability)) }) {
                Err(e) if e.raw_os_error() == Some(libc::EINVAL) => break, // beyond the kernel's last one
                result => result?,
            }
        }
        Ok(())
    }

    fn change_user(&self) -> io::Result<()> {
        let (count, groups) = (self.groups.len(), self.groups.as_ptr());
        // SAFETY: the pointer is to `count` group numbers; the other calls take integers.
        unsafe {
            check(libc::setgroups(count, groups))?;
            check(libc::setresgid(self.gid, self.gid, self.gid))?;
            check(libc::setresuid(self.uid, self.uid, self.uid))
        }
    }

    fn drop_capabilities(&self) -> io::Result<()> {
        let (unused, on): (libc::c_ulong, libc::c_ulong) = (0, 1);
        let clear = libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong;
        // SAFETY: the options take integers.
        unsafe {
            check(libc::prctl(libc::PR_CAP_AMBIENT, clear, unused, unused, unused))?;
            if self.no_new_privileges {
                check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, unused, unused, unused))?;
            }
        }
        let mut header = CapabilityHeader { version: CAPABILITY_VERSION_3, pid: 0 };
        let mut sets = [CapabilitySet::default(); 2];
        // SAFETY: header and both halves of the sets are laid out as capget(2) says and live during the calls.
        unsafe {
            check_call(libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()))?;
            for (half, set) in sets.iter_mut().enumerate() {
                let keep = (self.capabilities >> (32 * half)) as u32;
                *set =
                    CapabilitySet { effective: set.permitted & keep, permitted: set.permitted & keep, inheritable: 0 };
            }
            check_call(libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()))
        }
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

const CAPABILITY_VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapabilitySet {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// After the change of user, which resets the setting. A parent that ended before it would never be noticed.
fn die_with(parent: u32) -> io::Result<()> {
    // SAFETY: the option takes an integer; getppid takes nothing.
    unsafe {
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong))?;
        if libc::getppid().unsigned_abs() == parent { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ESRCH)) }
    }
}

fn at(step: Step, result: io::Result<()>) -> io::Result<()> {
    result
        .map_err(|e| io::Error::from_raw_os_error(step as i32 * STEP_FACTOR + e.raw_os_error().unwrap_or(libc::EINVAL)))
}

fn check_call(result: libc::c_long) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
