//! The system calls that a proxy needs once its listeners are there.
//!
//! Those of tokio and the standard library (sockets, epoll, threads, time), of the allocator, of the C library when it
//! resolves a name, and reading files: certificates' tokens, `/proc`. It writes no file and starts no program.

use libc::{c_int, c_long};

/// Allowed whatever their arguments are. The kernel knows that much in advance and looks at no rule when they are made.
#[rustfmt::skip]
pub(super) const ALWAYS: &[c_long] = &[
    // Streams and files that are open already.
    libc::SYS_read, libc::SYS_readv, libc::SYS_pread64, libc::SYS_write, libc::SYS_writev, libc::SYS_close,
    libc::SYS_lseek, libc::SYS_fcntl, libc::SYS_dup, libc::SYS_dup3, libc::SYS_pipe2, libc::SYS_splice,
    // What files are, and what is in a directory.
    libc::SYS_fstat, libc::SYS_newfstatat, libc::SYS_statx, libc::SYS_statfs, libc::SYS_fstatfs, libc::SYS_getdents64,
    libc::SYS_readlinkat, libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_getcwd, libc::SYS_fadvise64,
    // Sockets.
    libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4, libc::SYS_connect, libc::SYS_shutdown,
    libc::SYS_getsockname, libc::SYS_getpeername, libc::SYS_getsockopt, libc::SYS_setsockopt,
    libc::SYS_sendto, libc::SYS_recvfrom, libc::SYS_sendmsg, libc::SYS_recvmsg, libc::SYS_sendmmsg, libc::SYS_recvmmsg,
    // Waiting.
    libc::SYS_epoll_create1, libc::SYS_epoll_ctl, libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2, libc::SYS_eventfd2,
    libc::SYS_ppoll, libc::SYS_pselect6, libc::SYS_nanosleep, libc::SYS_clock_nanosleep, libc::SYS_futex,
    // Time, randomness, and who and where this is.
    libc::SYS_clock_gettime, libc::SYS_clock_getres, libc::SYS_gettimeofday, libc::SYS_getrandom, libc::SYS_uname,
    libc::SYS_getpid, libc::SYS_gettid, libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid, libc::SYS_getegid,
    libc::SYS_sysinfo, libc::SYS_getrusage, libc::SYS_times, libc::SYS_getcpu, libc::SYS_sched_getaffinity,
    // Memory.
    libc::SYS_brk, libc::SYS_munmap, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_membarrier,
    // Threads and signals. clone3 is answered by a filter of its own: its flags are where no filter can look.
    libc::SYS_clone3, libc::SYS_exit, libc::SYS_exit_group, libc::SYS_set_robust_list, libc::SYS_rseq,
    libc::SYS_sched_yield, libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack, libc::SYS_restart_syscall,
];

/// Those that newer architectures no longer have.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
pub(super) const OLDER: &[c_long] = &[
    libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink, libc::SYS_dup2, libc::SYS_poll,
    libc::SYS_select, libc::SYS_epoll_wait, libc::SYS_time, libc::SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
pub(super) const OLDER: &[c_long] = &[];

/// A condition on one argument of a call, by its place.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// Is this number.
    Is(u8, u64),
    /// Has none of these bits.
    Without(u8, u64),
    /// Has all of these bits.
    With(u8, u64),
}

use Argument::{Is, With, Without};

const fn number(of: c_int) -> u64 {
    of as u64
}

/// Names a mapping in `/proc/PID/maps` (prctl(2)); allocators do.
const PR_SET_VMA: u64 = 0x5356_4d41;

/// Allowed if all conditions of one of the lists beside it hold. `own`: the process's number.
pub(super) fn conditional(own: u32) -> Vec<(c_long, Vec<Vec<Argument>>)> {
    let either = |place, numbers: &[u64]| numbers.iter().map(|number| vec![Is(place, *number)]).collect();
    let executable = number(libc::PROT_EXEC);
    let writing = number(libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC);
    let mut families: Vec<Vec<Argument>> = either(0, &[libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].map(number));
    // The C library asks which addresses this machine has before it resolves a name.
    families.push(vec![Is(0, number(libc::AF_NETLINK)), Is(2, number(libc::NETLINK_ROUTE))]);
    vec![
        (libc::SYS_socket, families),
        (libc::SYS_socketpair, either(0, &[number(libc::AF_UNIX)])),
        (libc::SYS_openat, vec![vec![Without(2, writing)]]),
        (libc::SYS_mmap, vec![vec![Without(2, executable)]]),
        (libc::SYS_mprotect, vec![vec![Without(2, executable)]]),
        (libc::SYS_clone, vec![vec![With(0, number(libc::CLONE_THREAD))]]),
        (libc::SYS_tgkill, either(0, &[u64::from(own)])),
        (libc::SYS_prlimit64, either(0, &[0])),
        (libc::SYS_ioctl, either(1, &[libc::FIONBIO, libc::FIONREAD, libc::TCGETS])),
        (libc::SYS_prctl, either(0, &[number(libc::PR_SET_NAME), number(libc::PR_GET_NAME), PR_SET_VMA])),
    ]
}
