//! The whole proxy, wired from top to bottom, from its start to its end.

use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use hauberk_control::controller::Controller;
use hauberk_control::identity::Identity;
use hauberk_core::discover::Discover;
use hauberk_data::drain;
use hauberk_data::worker::Shared;
use hauberk_metrics::page::Metrics;
use hauberk_metrics::process::Build;
use hauberk_net::listen::bind;
use hauberk_tls::store::Store;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::{LocalSet, spawn_local};

use crate::admin::Admin;
use crate::config::Config;
use crate::front::Front;
use crate::logging::Level;
use crate::signals;
use crate::worker::{self, Listeners};

/// How often idle series are looked for.
const EXPIRE: Duration = Duration::from_secs(60);
/// How often draining looks whether the workers are done.
const LOOK: Duration = Duration::from_millis(20);

/// Descriptors for everything but traffic: listeners, the control plane, the admin endpoints, files.
const OTHER_FILES: u64 = 256;

const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    git_sha: "",
    profile: if cfg!(debug_assertions) { "debug" } else { "release" },
};

/// Runs the proxy until it is told to end; a second signal ends it at once.
pub(crate) fn run(config: Config, level: Level) -> ExitCode {
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| LocalSet::new().block_on(&runtime, serve(config, level)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(mut config: Config, level: Level) -> io::Result<()> {
    fit_into_open_files(&mut config);
    let listeners = listen(&config)?;
    let admin_listener = named(config.admin_listen, config.backlog, false)?;
    let metrics = Metrics::new(BUILD, SystemTime::now());
    let tls = Arc::new(Store::new(config.control.id.clone(), config.control.roots.clone()).map_err(io::Error::other)?);
    let end = Arc::new(Notify::new());
    let ready = Arc::new(AtomicBool::new(false));
    spawn_local(Rc::new(admin(&config, level, &metrics, &ready, &end)).serve(admin_listener));
    spawn_local(expire(metrics.clone(), config.metrics_retain_idle));
    let identity = Identity::new(config.control.identity.clone(), tls.clone(), metrics.identity.clone());
    let identity = identity.map_err(io::Error::other)?;
    let certified = identity.ready();
    spawn_local(become_ready(certified.clone(), ready));
    spawn_local(identity.run());

    let shared = Shared {
        discover: discover(&config, &tls, certified, &metrics),
        config: Arc::new(config.data),
        tls,
        metrics: metrics.data.clone(),
    };
    let (draining, drain) = drain::channel();
    let mut workers = Vec::with_capacity(config.workers);
    for index in 0..config.workers {
        workers.push(worker::start(index, shared.clone(), drain.clone(), listeners.share()?)?);
    }
    drop(listeners);
    let why = signals::end_wanted(end.clone()).await?;
    tracing::info!(why, "draining: no new connections, what is in flight finishes");
    draining.begin();
    tokio::select! {
        () = finished(workers) => tracing::info!("all connections are done"),
        () = tokio::time::sleep(config.grace) => tracing::warn!("some connections did not finish in time"),
        why = signals::end_wanted(end) => tracing::warn!(why = why?, "told again to end"),
    }
    Ok(())
}

/// A connection takes two descriptors, and there are two sides: what a flood of connections may take leaves enough to
/// carry those that are open.
fn fit_into_open_files(config: &mut Config) {
    match hauberk_net::process::raise_open_files() {
        Ok(files) => {
            let each = files.saturating_sub(OTHER_FILES) / 4 / config.workers as u64;
            let most = usize::try_from(each.max(1)).unwrap_or(usize::MAX);
            if most < config.data.connections_max {
                config.data.connections_max = most;
                tracing::info!(files, most, "the limit of open files bounds the connections of each side");
            }
        }
        Err(error) => tracing::warn!(%error, "cannot raise the number of files that may be open"),
    }
}

fn listen(config: &Config) -> io::Result<Listeners> {
    // A front proxy may be there before the bridge whose address it listens on.
    let inbound = named(config.inbound_listen, config.backlog, config.is_front())?.into_std()?;
    let outbound = config.outbound_listen.iter().filter_map(|addr| match named(*addr, config.backlog, false) {
        // A kernel without IPv6 has no IPv6 connections to carry either.
        Err(error) if addr.is_ipv6() => {
            tracing::info!("{error}; going on without");
            None
        }
        bound => Some(bound.and_then(TcpListener::into_std)),
    });
    Ok(Listeners { inbound, outbound: outbound.collect::<io::Result<_>>()? })
}

fn named(addr: std::net::SocketAddr, backlog: i32, freebind: bool) -> io::Result<TcpListener> {
    bind(addr, backlog, freebind)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}")))
}

fn discover(
    config: &Config,
    tls: &Arc<Store>,
    certified: watch::Receiver<bool>,
    metrics: &Metrics,
) -> Arc<dyn Discover> {
    match &config.control.clients {
        None => Arc::new(Front::new()),
        Some(clients) => {
            let (clients, metrics) = (clients.clone(), metrics.control.clone());
            Controller::start(clients, tls.clone(), certified, metrics, Handle::current())
        }
    }
}

fn admin(config: &Config, level: Level, metrics: &Metrics, ready: &Arc<AtomicBool>, end: &Arc<Notify>) -> Admin {
    let metrics = metrics.clone();
    Admin {
        ready: ready.clone(),
        metrics: Box::new(move || metrics.render(Instant::now(), SystemTime::now())),
        level,
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
    loop {
        tokio::time::sleep(EXPIRE).await;
        metrics.expire(Instant::now(), idle);
    }
}

async fn finished(workers: Vec<JoinHandle<()>>) {
    while !workers.iter().all(JoinHandle::is_finished) {
        tokio::time::sleep(LOOK).await;
    }
}
