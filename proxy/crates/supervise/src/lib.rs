//! What stands beside a program on a plain machine: namespace, redirect, names, proxy, readiness, lease, clean-up.
//!
//! In: the spec that `hauberk run` wrote. Out: the program's exit code, and nothing left behind.
//! Invariant: the program runs only while its TCP cannot leave but through the proxy; a control plane that is away, or a
//! proxy that died, changes nothing for the program but what it can reach.

mod api;
mod backoff;
mod children;
mod cli;
pub mod dns;
mod failure;
mod http;
mod identity;
mod lease;
mod log;
mod network;
mod nsswitch;
mod program;
mod proxy;
mod readiness;
mod relay;
mod spec;
mod supervise;
mod token;
mod tool;
mod waiting;
mod workload_dir;

pub use cli::{run, sleep, wait_for_proxy};

/// The user that the proxy runs as, in Linkerd's contract too.
pub const PROXY_UID: u32 = 2102;
