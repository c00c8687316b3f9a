//! Capabilities (capabilities(7)) as sets of bits.

use std::io;

use super::check;

/// The capabilities that a process running as root keeps in a usual container, without those that reach beyond it: no
/// NET_RAW (it could pass the redirect by), MKNOD or SETFCAP (the files are the host's).
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

/// Gives up every capability of the calling thread, and that an exec could bring any back. To be called while the process has
/// one thread only: each has its own.
pub fn give_up_privileges() -> io::Result<()> {
    refuse_privileges()?;
    match drop_bounding_set(0) {
        // A process that may not change the set has nothing that it could gain by it either.
        Err(e) if e.raw_os_error() == Some(libc::EPERM) => {}
        result => result?,
    }
    keep_only(0)
}

/// Programs with the set-user-ID bit, or with capabilities, gain nothing (prctl(2), `PR_SET_NO_NEW_PRIVS`).
pub(super) fn refuse_privileges() -> io::Result<()> {
    let (unused, on): (libc::c_ulong, libc::c_ulong) = (0, 1);
    // SAFETY: the option takes integers.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, unused, unused, unused) })
}

/// The most that the process and its children can ever have.
pub(super) fn drop_bounding_set(kept: u64) -> io::Result<()> {
    for capability in (0..CAPABILITY_BITS).filter(|bit| kept & (1 << bit) == 0) {
        // SAFETY: the option takes an integer.
        match check(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(capability)) }) {
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) => break, // beyond the kernel's last one
            result => result?,
        }
    }
    Ok(())
}

/// What the calling thread has, and what outlives an exec (nothing).
pub(super) fn keep_only(kept: u64) -> io::Result<()> {
    let (unused, clear): (libc::c_ulong, libc::c_ulong) = (0, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong);
    // SAFETY: the option takes integers.
    check(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, clear, unused, unused, unused) })?;
    let mut header = CapabilityHeader { version: CAPABILITY_VERSION_3, pid: 0 };
    let mut sets = [CapabilitySet::default(); 2];
    // SAFETY: header and both halves of the sets are laid out as capget(2) says and live during the call.
    check_call(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) })?;
    for (half, set) in sets.iter_mut().enumerate() {
        let keep = (kept >> (32 * half)) as u32;
        *set = CapabilitySet { effective: set.permitted & keep, permitted: set.permitted & keep, inheritable: 0 };
    }
    // SAFETY: as above; the kernel only reads.
    check_call(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()) })
}

fn check_call(result: libc::c_long) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
