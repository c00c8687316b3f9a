//! A filter of system calls (seccomp(2)) for this process: what a proxy never needs, nobody who takes it over has.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    sock_filter,
};

use super::capabilities::refuse_privileges;
use super::needed::{ALWAYS, Argument, OLDER, conditional};

/// What becomes of a system call that is not needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forbidden {
    /// It fails with EPERM, and the kernel logs it where it audits.
    #[default]
    Refused,
    /// The whole process is killed by SIGSYS.
    Fatal,
}

/// Forbids this process, in all its threads and for good, what a proxy never needs, and that it gains rights by an exec.
pub fn forbid(forbidden: Forbidden) -> io::Result<()> {
    let (threads, needed) = (threads()?, needed(forbidden)?);
    refuse_privileges()?;
    install(&threads, 0)?;
    install(&needed, libc::SECCOMP_FILTER_FLAG_LOG)
}

/// The C library tries clone3 first and takes "there is no such call" for a reason to use clone, whose flags can be judged.
fn threads() -> io::Result<BpfProgram> {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    compile(rules, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS.unsigned_abs()))
}

fn needed(forbidden: Forbidden) -> io::Result<BpfProgram> {
    let mut rules: BTreeMap<_, _> = ALWAYS.iter().chain(OLDER).map(|call| (*call, Vec::new())).collect();
    for (call, alternatives) in conditional(std::process::id()) {
        rules.insert(call, alternatives.iter().map(|all| rule(all)).collect::<io::Result<_>>()?);
    }
    let otherwise = match forbidden {
        Forbidden::Refused => SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        Forbidden::Fatal => SeccompAction::KillProcess,
    };
    compile(rules, otherwise, SeccompAction::Allow)
}

fn rule(all: &[Argument]) -> io::Result<SeccompRule> {
    // The kernel takes 32 bits of the arguments that are judged here: whatever is above them has no meaning.
    let condition = |argument: &Argument| {
        let (place, operator, value) = match *argument {
            Argument::Is(place, value) => (place, SeccompCmpOp::Eq, value),
            Argument::Without(place, bits) => (place, SeccompCmpOp::MaskedEq(bits), 0),
            Argument::With(place, bits) => (place, SeccompCmpOp::MaskedEq(bits), bits),
        };
        SeccompCondition::new(place, SeccompCmpArgLen::Dword, operator, value)
    };
    let conditions = all.iter().map(condition).collect::<Result<_, _>>().map_err(io::Error::other)?;
    SeccompRule::new(conditions).map_err(io::Error::other)
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> io::Result<BpfProgram> {
    let unsupported = |e| io::Error::new(io::ErrorKind::Unsupported, e);
    let arch = std::env::consts::ARCH.try_into().map_err(unsupported)?;
    SeccompFilter::new(rules, otherwise, matched, arch).and_then(BpfProgram::try_from).map_err(unsupported)
}

/// `struct sock_fprog` of linux/filter.h.
#[repr(C)]
struct Program {
    length: libc::c_ushort,
    filter: *const sock_filter,
}

/// All threads get the filter. Speculation stays as it was: this process runs nobody's code but its own, and older kernels
/// would slow all of it down.
fn install(filter: &BpfProgram, flags: libc::c_ulong) -> io::Result<()> {
    let flags = flags | libc::SECCOMP_FILTER_FLAG_TSYNC | libc::SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    let length = libc::c_ushort::try_from(filter.len()).map_err(io::Error::other)?;
    let program = Program { length, filter: filter.as_ptr() };
    // SAFETY: the program points to `length` instructions, which the kernel copies during the call.
    match unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) } {
        0 => Ok(()),
        -1 => Err(io::Error::last_os_error()),
        thread => Err(io::Error::other(format!("thread {thread} has a filter of its own"))),
    }
}
