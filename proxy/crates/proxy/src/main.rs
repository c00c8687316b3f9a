//! The micro-proxy: one small binary that carries a program's traffic, and what stands beside the program.
//!
//! In: the environment (Linkerd's contract, and `HAUBERK_PROXY_*`). Out: traffic, counters, an exit code.
//! Invariant: only this crate knows all the others; it wires them from top to bottom and decides nothing.

mod admin;
#[cfg(feature = "jemalloc")]
mod allocator;
mod anchors;
mod app;
mod config;
mod confine;
mod front;
mod logging;
mod memory;
mod signals;
mod worker;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: hauberk-proxy [COMMAND ARGUMENTS | --version | --help]

Without arguments: the proxy, configured by the environment (LINKERD2_PROXY_*, HAUBERK_PROXY_*).
supervise: a program in the mesh on this machine (what `hauberk run` becomes).
redirect: the rules that send a network namespace's TCP through the proxy in it.
cni: the same as a plugin of the container runtime, and what installs that on a node.
validate-network: whether they are there.
await, sleep: until the proxy is ready, for a time; for hooks of containers.
";

/// EX_USAGE of sysexits(3): what the contract's launcher expects of a wrong environment.
const USAGE_ERROR: u8 = 64;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    // Container runtimes know plugins by the name of their file.
    let is_plugin = arguments.next().is_some_and(|own| Path::new(&own).ends_with(hauberk_cni::NAME));
    let Some(word) = arguments.next() else { return if is_plugin { hauberk_cni::run_plugin() } else { proxy() } };
    match word.to_str() {
        Some("supervise") => hauberk_supervise::run(arguments),
        Some("redirect") => hauberk_redirect::redirect(arguments),
        Some("validate-network") => hauberk_redirect::validate_network(arguments),
        Some("await") => hauberk_supervise::wait_for_proxy(arguments),
        Some("sleep") => hauberk_supervise::sleep(arguments),
        Some("cni") => hauberk_cni::run(arguments),
        Some("--version" | "version") => say(&format!("hauberk-proxy {}\n", env!("CARGO_PKG_VERSION"))),
        Some("--help" | "-h" | "help") => say(USAGE),
        _ => {
            let _ = std::io::stderr().write_all(USAGE.as_bytes());
            ExitCode::from(2)
        }
    }
}

fn proxy() -> ExitCode {
    let told = |name| std::env::var(name).ok();
    let (filter, format) = (told("LINKERD2_PROXY_LOG"), told("LINKERD2_PROXY_LOG_FORMAT"));
    let log = logging::start(filter.as_deref(), format.as_deref());
    match config::Config::from_env(&|name| std::env::var(name).ok()) {
        Ok(config) => match redirected(&config) {
            Ok(()) => app::run(config, log),
            Err(failure) => {
                tracing::error!("{failure}");
                ExitCode::from(hauberk_cni::NOT_REDIRECTED)
            }
        },
        Err(problems) => {
            for problem in problems {
                tracing::error!("{problem}");
            }
            ExitCode::from(USAGE_ERROR)
        }
    }
}

/// Fails where it is to be tried, and connections of this network do not come to this proxy.
fn redirected(config: &config::Config) -> Result<(), hauberk_redirect::Failure> {
    let port = config.outbound_listen.first().map(std::net::SocketAddr::port);
    if let (Some(timeout), Some(port)) = (config.validate_redirect, port) {
        tracing::info!("{}", hauberk_redirect::validate_own(port, timeout)?);
    }
    Ok(())
}

fn say(text: &str) -> ExitCode {
    // A closed pipe is the reader's wish.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
