//! What the proxy gives up once it has its listeners: whoever takes it over gets no more than it needs.

use hauberk_net::process::{Forbidden, forbid, give_up_privileges};

/// To be called while the process has one thread. A kernel that cannot confine is no reason to leave a program without a
/// proxy, which would leave it without a network: it is told.
pub(crate) fn confine(seccomp: Option<Forbidden>) {
    if let Err(error) = give_up_privileges() {
        tracing::warn!(%error, "this process cannot give up its privileges");
    }
    let Some(forbidden) = seccomp else {
        tracing::warn!("HAUBERK_PROXY_SECCOMP=off: the proxy may make every system call; for emergencies only");
        return;
    };
    if let Err(error) = forbid(forbidden) {
        tracing::warn!(%error, "this kernel filters no system calls: the proxy may make all of them");
    }
}
