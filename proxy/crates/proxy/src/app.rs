//! The whole proxy, wired from top to bottom, from its start to its end.

use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use hauberk_control::controller::Controller;
use hauberk_control::identity::Identity;
use hauberk_core::access_log::Format;
use hauberk_core::discover::Discover;
use hauberk_data::access_log::AccessLog;
use hauberk_data::drain;
use hauberk_data::worker::Shared;
use hauberk_metrics::families::DataMetrics;
use hauberk_metrics::page::Metrics;
use hauberk_metrics::process::{Build, Tls};
use hauberk_net::descriptors::RESERVE;
use hauberk_net::listen::{bind, bind_ipv6_only};
use hauberk_tls::provider;
use hauberk_tls::store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{LocalSet, spawn_local};

use crate::admin::Admin;
use crate::anchors::Anchors;
use crate::config::Config;
use crate::confine::confine;
use crate::front::Front;
use crate::logging::Log;
use crate::signals;
use crate::worker::{Listeners, Workers};

/// How often idle series are looked for: a few times while one is kept, and no more often or seldom than this.
const EXPIRE_MIN: Duration = Duration::from_secs(1);
const EXPIRE_MAX: Duration = Duration::from_secs(60);

/// How long the first policies of ports are waited for; the contract's time for the first message of a stream.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long the last lines of the access log may take.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Descriptors for everything but traffic: listeners, the control plane, the admin endpoints, files, those kept back.
const OTHER_FILES: u64 = 256;
/// Descriptors that are kept back: as many connections at once can still be made to where they go when there are no others,
/// be it that kept connections that nobody uses have them, or that the limit was lowered.
const KEPT_FILES: usize = 32;

const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    git_sha: match option_env!("HAUBERK_BUILD_SHA") {
        Some(sha) => sha,
        None => "",
    },
    profile: if cfg!(debug_assertions) { "debug" } else { "release" },
};

/// Runs the proxy until it is told to end; a second signal ends it at once.
pub(crate) fn run(config: Config, log: Log) -> ExitCode {
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| LocalSet::new().block_on(&runtime, serve(config, log)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(mut config: Config, log: Log) -> io::Result<()> {
    if !config.unused.is_empty() {
        tracing::warn!(variables = ?config.unused, "LINKERD2_PROXY_* settings that this proxy does not act on");
    }
    fit_into_open_files(&mut config);
    let listeners = listen(&config)?;
    let admin_listener = named(config.admin_listen, bind(config.admin_listen, config.inbound_backlog, false))?;
    confine(config.seccomp);
    #[cfg(feature = "jemalloc")]
    {
        crate::allocator::give_back_in_background();
        spawn_local(crate::allocator::give_back_of_this_thread());
    }
    let metrics = Metrics::new(BUILD, tls_parts(), SystemTime::now());
    let tls = Arc::new(Store::new(config.control.id.clone(), config.control.roots.clone()).map_err(io::Error::other)?);
    let end = Arc::new(Notify::new());
    let ready = Arc::new(AtomicBool::new(false));
    spawn_local(Rc::new(admin(&config, log, &metrics, &tls, &ready, &end)).serve(admin_listener));
    spawn_local(expire(metrics.clone(), config.metrics_retain_idle));
    let identity = Identity::new(config.control.identity.clone(), tls.clone(), metrics.identity.clone());
    let identity = identity.map_err(io::Error::other)?;
    let certified = identity.ready();
    spawn_local(become_ready(certified.clone(), ready));
    let trusting = trusting(&config, &tls, &metrics);
    spawn_local(async move {
        trusting.await;
        identity.run().await;
    });

    let (discover, answered) = discover(&config, &tls, certified.clone(), &metrics);
    let access_log = access_log(config.access_log, &metrics.data)?;
    let mut shared = Shared::new(config.data, discover, tls, metrics.data.clone());
    shared.access_log.clone_from(&access_log);
    if !may_carry(certified, answered, &end).await? {
        return Ok(());
    }
    let (draining, drain) = drain::channel();
    let mut workers = Workers::start(config.workers, &shared, &drain, listeners)?;
    let why = tokio::select! {
        why = signals::end_wanted(end.clone()) => why?,
        () = workers.one_ended() => return Err(io::Error::other("a worker ended; see the log before this line")),
    };
    tracing::info!(why, "draining: no new connections, what is in flight finishes");
    let drained = async {
        draining.begin_in_order(&shared.budgets).await;
        workers.all_ended().await;
    };
    tokio::select! {
        () = drained => tracing::info!("all connections are done"),
        () = tokio::time::sleep(config.grace) => tracing::warn!("some connections did not finish in time"),
        why = signals::end_wanted(end) => tracing::warn!(why = why?, "told again to end"),
    }
    access_log.iter().for_each(|log| log.finish(LAST_LINES));
    Ok(())
}

/// Returns when there are trust roots.
fn trusting(config: &Config, tls: &Arc<Store>, metrics: &Metrics) -> impl Future<Output = ()> + use<> {
    let control = &config.control;
    let (known, mut is_known) = watch::channel(!control.roots.is_empty());
    if let Some(file) = control.roots_file.clone() {
        spawn_local(Anchors::new(file, tls.clone(), metrics.identity.clone()).follow(known));
    }
    async move {
        // An error means that nobody looks for others: those that were given are there.
        let _ = is_known.wait_for(|known| *known).await;
    }
}

/// Its lines go to standard output, apart from the proxy's own log.
fn access_log(format: Option<Format>, metrics: &DataMetrics) -> io::Result<Option<Arc<AccessLog>>> {
    let start = |format| AccessLog::start(format, io::stdout(), metrics).map(Arc::new);
    format.map(start).transpose()
}

/// What TLS is made of.
fn tls_parts() -> Tls {
    let provider::Parts { suites, groups, fips } = provider::parts();
    Tls { suites, groups, provider: "AwsLcRs", fips }
}

/// Nothing is carried before the workload can prove who it is and, if it is told soon, who may come in: until then connections
/// wait to be accepted. A proxy that comes back while the control plane is away lets nobody in by its default policy.
async fn may_carry(
    mut certified: watch::Receiver<bool>,
    mut answered: watch::Receiver<bool>,
    end: &Arc<Notify>,
) -> io::Result<bool> {
    let prepared = async {
        let is_certified = certified.wait_for(|certified| *certified).await.is_ok();
        if tokio::time::timeout(PATIENCE, answered.wait_for(|answered| *answered)).await.is_err() {
            tracing::warn!("no policy came for some ports; until it does the default policy holds for them");
        }
        is_certified
    };
    tokio::select! {
        is_certified = prepared => Ok(is_certified),
        why = signals::end_wanted(end.clone()) => {
            tracing::info!(why = why?, "ending before anything was carried");
            Ok(false)
        }
    }
}

/// A connection takes two descriptors, and there are two sides: what a flood of connections may take leaves enough to
/// carry those that are open.
fn fit_into_open_files(config: &mut Config) {
    match hauberk_net::process::raise_open_files() {
        Ok(files) => {
            let most = usize::try_from((files.saturating_sub(OTHER_FILES) / 4).max(1)).unwrap_or(usize::MAX);
            let connections = &mut config.data.limits.connections;
            if most < *connections {
                *connections = most;
                tracing::info!(files, most, "the limit of open files bounds the connections of each side");
            }
        }
        Err(error) => tracing::warn!(%error, "cannot raise the number of files that may be open"),
    }
    if let Err(error) = RESERVE.keep(KEPT_FILES) {
        tracing::warn!(%error, "no descriptors are kept back for when there are none left");
    }
}

fn listen(config: &Config) -> io::Result<Listeners> {
    // A front proxy may be there before the bridge whose address it listens on.
    let (at, backlog) = (config.inbound_listen, config.inbound_backlog);
    let inbound = named(at, bind(at, backlog, config.is_front()))?.into_std()?;
    let has_ipv4 = config.outbound_listen.iter().any(std::net::SocketAddr::is_ipv4);
    let outbound = config.outbound_listen.iter().filter_map(|&addr| {
        let backlog = config.outbound_backlog;
        let beside = addr.is_ipv6() && has_ipv4;
        match named(addr, if beside { bind_ipv6_only(addr, backlog) } else { bind(addr, backlog, false) }) {
            // A kernel without IPv6 has no IPv6 connections to carry either.
            Err(error) if addr.is_ipv6() => {
                tracing::info!("{error}; going on without");
                None
            }
            bound => Some(bound.and_then(TcpListener::into_std)),
        }
    });
    Ok(Listeners { inbound, outbound: outbound.collect::<io::Result<_>>()? })
}

/// Says in an error where nobody can listen.
fn named(addr: std::net::SocketAddr, bound: io::Result<TcpListener>) -> io::Result<TcpListener> {
    bound.map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}")))
}

/// Who answers the fast path's questions, and whether the first answers are there.
fn discover(
    config: &Config,
    tls: &Arc<Store>,
    certified: watch::Receiver<bool>,
    metrics: &Metrics,
) -> (Arc<dyn Discover>, watch::Receiver<bool>) {
    match &config.control.clients {
        None => (Arc::new(Front::new()), certified),
        Some(clients) => {
            let (clients, metrics) = (clients.clone(), metrics.control.clone());
            let controller = Controller::start(clients, tls.clone(), certified, metrics, Handle::current());
            let answered = controller.answered();
            (controller, answered)
        }
    }
}

fn admin(
    config: &Config,
    log: Log,
    metrics: &Metrics,
    tls: &Arc<Store>,
    ready: &Arc<AtomicBool>,
    end: &Arc<Notify>,
) -> Admin {
    let metrics = metrics.clone();
    Admin {
        ready: ready.clone(),
        metrics: Box::new(move |format| metrics.render(format, Instant::now(), SystemTime::now())),
        log,
        tls: tls.clone(),
        shutdown: config.shutdown_endpoint.then(|| end.clone()),
    }
}

async fn become_ready(mut identity: watch::Receiver<bool>, ready: Arc<AtomicBool>) {
    if identity.wait_for(|certified| *certified).await.is_ok() {
        ready.store(true, Ordering::Release);
        tracing::info!("ready: the workload has a certificate");
    }
}

async fn expire(metrics: Metrics, idle: Duration) {
    let every = (idle / 4).clamp(EXPIRE_MIN, EXPIRE_MAX);
    loop {
        tokio::time::sleep(every).await;
        metrics.expire(Instant::now(), idle);
    }
}
