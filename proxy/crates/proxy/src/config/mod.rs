//! Everything that the proxy is told at start, read from the environment once.

mod control;
mod env;
mod http;
mod inbound;
mod limits;
mod outbound;
mod unused;
mod value;
mod workers;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use hauberk_core::access_log::Format;
use hauberk_net::process::Forbidden;

use self::env::Env;

const ADMIN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4191);
const GRACE: Duration = Duration::from_secs(120);
const BACKLOG: i32 = 1024;
/// What `/metrics` keeps of something that is no longer used.
const RETAIN_IDLE: Duration = Duration::from_secs(600);

/// All settings, each in the shape of the part that gets it.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) inbound_listen: SocketAddr,
    /// None for a front proxy, which has no program.
    pub(crate) outbound_listen: Vec<SocketAddr>,
    pub(crate) admin_listen: SocketAddr,
    /// Connections that wait to be accepted; the admin endpoint has as many as the inbound side.
    pub(crate) inbound_backlog: i32,
    pub(crate) outbound_backlog: i32,
    pub(crate) data: hauberk_data::config::Config,
    pub(crate) control: control::Control,
    pub(crate) workers: usize,
    /// How long what is in flight may take once the end is wanted.
    pub(crate) grace: Duration,
    pub(crate) shutdown_endpoint: bool,
    pub(crate) metrics_retain_idle: Duration,
    /// How long may be tried whether this network's connections are redirected before anything else is done; None: not at all.
    pub(crate) validate_redirect: Option<Duration>,
    /// None: nothing is forbidden.
    pub(crate) seccomp: Option<Forbidden>,
    /// How requests to the program are written down, if they are.
    pub(crate) access_log: Option<Format>,
    /// Variables of the contract that are set and have no effect.
    pub(crate) unused: Vec<&'static str>,
}

impl Config {
    /// Reads the variables; or says everything that is wrong with them.
    pub(crate) fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let env = Env::new(lookup);
        let config = read(&env);
        let problems = env.into_errors();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(problems),
        }
    }

    /// Whether this proxy stands before a server that is not redirected.
    pub(crate) fn is_front(&self) -> bool {
        self.data.inbound.front.is_some()
    }
}

fn read(env: &Env<'_>) -> Option<Config> {
    let local_name = control::local_name(env);
    let (inbound_listen, inbound) = inbound::read(env, local_name.as_deref().unwrap_or_default());
    let (outbound_listen, outbound) = outbound::read(env);
    let front = inbound.front.is_some();
    let control = control::read(env, local_name, front);
    Some(Config {
        inbound_listen,
        outbound_listen: if front { Vec::new() } else { outbound_listen },
        admin_listen: env.get("ADMIN_LISTEN_ADDR", value::address).unwrap_or(ADMIN),
        inbound_backlog: env.get("INBOUND_TCP_LISTEN_BACKLOG", backlog).unwrap_or(BACKLOG),
        outbound_backlog: env.get("OUTBOUND_TCP_LISTEN_BACKLOG", backlog).unwrap_or(BACKLOG),
        data: hauberk_data::config::Config { inbound, outbound, limits: limits::read(env) },
        control: control?,
        workers: workers::read(env),
        grace: env.get("SHUTDOWN_GRACE_PERIOD", value::duration).unwrap_or(GRACE),
        shutdown_endpoint: env.get("SHUTDOWN_ENDPOINT_ENABLED", value::flag).unwrap_or(false),
        metrics_retain_idle: env.get("METRICS_RETAIN_IDLE", value::duration).unwrap_or(RETAIN_IDLE),
        validate_redirect: env
            .get_whole("HAUBERK_PROXY_VALIDATE_REDIRECT", value::duration)
            .filter(|timeout| !front && !timeout.is_zero()),
        seccomp: env.get_whole("HAUBERK_PROXY_SECCOMP", seccomp).unwrap_or(Some(Forbidden::Refused)),
        access_log: env.get("ACCESS_LOG", access_log),
        unused: unused::set(env),
    })
}

fn backlog(text: &str) -> value::Read<i32> {
    value::between(1, i32::MAX)(text)
}

fn access_log(text: &str) -> value::Read<Format> {
    match text.trim() {
        "apache" => Ok(Format::Apache),
        "json" => Ok(Format::Json),
        _ => Err("apache or json"),
    }
}

fn seccomp(text: &str) -> value::Read<Option<Forbidden>> {
    match text.trim() {
        "on" => Ok(Some(Forbidden::Refused)),
        "kill" => Ok(Some(Forbidden::Fatal)),
        "off" => Ok(None),
        _ => Err("on, off or kill"),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
