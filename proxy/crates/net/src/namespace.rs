//! Network and mount namespaces.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// A handle on a network namespace, which keeps the namespace alive.
#[derive(Debug)]
pub struct Namespace {
    fd: OwnedFd,
}

/// Tells network namespaces apart: device and inode of `/proc/PID/ns/net` (namespaces(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamespaceId {
    device: u64,
    inode: u64,
}

impl Namespace {
    /// The calling thread's network namespace.
    pub fn current() -> io::Result<Self> {
        Ok(Self { fd: File::open("/proc/thread-self/ns/net")?.into() })
    }

    /// The network namespace that a file stands for, such as one in `/run/netns`.
    pub fn open(file: &Path) -> io::Result<Self> {
        Ok(Self { fd: File::open(file)?.into() })
    }

    /// Moves the calling thread, and what it starts from now on, into a fresh network namespace. Nothing names it, so
    /// it vanishes with the last process in it. Needs CAP_SYS_ADMIN.
    pub fn unshare() -> io::Result<()> {
        // SAFETY: takes no pointers; affects the calling thread only.
        check(unsafe { libc::unshare(libc::CLONE_NEWNET) })
    }

    /// Runs `visit` with the calling thread in this namespace, for instance to open a socket there.
    ///
    /// `visit` must not block. The process ends if the thread cannot return: nothing may go on in a foreign network.
    pub fn visit<T>(&self, visit: impl FnOnce() -> T) -> io::Result<T> {
        let _home = Home(Self::current()?);
        self.enter()?;
        Ok(visit())
    }

    /// Makes `command` start in this namespace.
    pub fn start_inside(&self, command: &mut Command) -> io::Result<()> {
        let namespace = Self { fd: self.fd.try_clone()? };
        // SAFETY: the closure makes one system call and allocates nothing; the descriptor lives as long as it does.
        unsafe { command.pre_exec(move || namespace.enter()) };
        Ok(())
    }

    /// Takes the lock of this namespace, which all who change its network agree on; `false` when another one holds it.
    ///
    /// It is an advisory lock (flock(2)) on the namespace itself, so no file has to be kept or removed for it.
    pub fn try_lock(&self) -> io::Result<bool> {
        // SAFETY: takes no pointers; the descriptor is open.
        match check(unsafe { libc::flock(self.fd.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) }) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// Gives the lock back.
    pub fn unlock(&self) {
        // SAFETY: takes no pointers; the descriptor is open. Unlocking what is not locked does nothing.
        unsafe { libc::flock(self.fd.as_raw_fd(), libc::LOCK_UN) };
    }

    fn enter(&self) -> io::Result<()> {
        // SAFETY: takes no pointers; the descriptor is open.
        check(unsafe { libc::setns(self.fd.as_raw_fd(), libc::CLONE_NEWNET) })
    }
}

/// The way back from a visit, taken also when the visit panics.
struct Home(Namespace);

impl Drop for Home {
    fn drop(&mut self) {
        if self.0.enter().is_err() {
            std::process::abort();
        }
    }
}

impl NamespaceId {
    /// The network namespace of the process `pid`. Fails when there is no such process or it has ended.
    pub fn of(pid: u32) -> io::Result<Self> {
        let metadata = std::fs::metadata(format!("/proc/{pid}/ns/net"))?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino() })
    }
}

/// One file or directory shown in the place of another, to one process and its children only.
#[derive(Clone, Debug)]
pub struct BindMount {
    source: CString,
    target: CString,
}

impl BindMount {
    /// Shows `source` where `target` is. Both have to exist when it is mounted; symbolic links are followed.
    pub fn new(source: &Path, target: &Path) -> io::Result<Self> {
        let text = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(io::Error::from);
        Ok(Self { source: text(source)?, target: text(target)? })
    }

    /// Mounts; makes nothing but system calls, so it may run between fork and exec.
    fn mount(&self) -> io::Result<()> {
        let none = std::ptr::null();
        // SAFETY: both paths are strings that end in NUL and live during the call; the other pointers may be null.
        check(unsafe { libc::mount(self.source.as_ptr(), self.target.as_ptr(), none, libc::MS_BIND, std::ptr::null()) })
    }
}

/// Gives the calling process a mount namespace of its own with `mounts` in it. Later mounts of the host still appear;
/// nothing goes back. Makes nothing but system calls, so it may run between fork and exec.
pub(crate) fn mount_privately(mounts: &[BindMount]) -> io::Result<()> {
    let none = std::ptr::null();
    // SAFETY: takes no pointers; after fork there is one thread only.
    check(unsafe { libc::unshare(libc::CLONE_NEWNS) })?;
    let flags = libc::MS_REC | libc::MS_SLAVE;
    // SAFETY: the target is a constant that ends in NUL; a change of propagation ignores the other pointers.
    check(unsafe { libc::mount(none, c"/".as_ptr(), none, flags, std::ptr::null()) })?;
    mounts.iter().try_for_each(BindMount::mount)
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
