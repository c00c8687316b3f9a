//! The life of a workload: network, rules, names, proxy, program, and everything back to nothing.

use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use hauberk_net::namespace::Namespace;
use hauberk_net::process::{self, Guard, SignalMask, Signals};
use hauberk_redirect::{Mode, Redirect};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::api::Api;
use crate::children::{Children, Running};
use crate::dns;
use crate::failure::{Failure, code_of_signal};
use crate::lease::Report;
use crate::network::Network;
use crate::proxy::Proxy;
use crate::readiness::Verdict;
use crate::relay::{self, RELAYED};
use crate::spec::Spec;
use crate::tool;
use crate::workload_dir::WorkloadDir;
use crate::{PROXY_UID, identity, lease, log, program, readiness, token};

/// How long the control plane may take to say which names there are before the program starts without.
const NAMES_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the control plane may take to hear that the workload is gone; the lease tells it anyway.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the guard may take to kill what the program left behind.
const GUARD_TIMEOUT: Duration = Duration::from_secs(5);
/// How much of the proxy's log is shown when it does not get ready.
const LOG_LINES: usize = 10;

/// Runs the workload that the file describes; the exit code of its program.
pub(crate) fn run(spec: &Path) -> Result<u8, Failure> {
    if !process::is_root() {
        return Err(Failure::new("programs enter the mesh as root only", "start it with sudo"));
    }
    let signals = Signals::block(&RELAYED).map_err(|e| Failure::new(format!("cannot block signals: {e}"), ""))?;
    let spec = Spec::take(spec)?;
    // Before the runtime: it may start threads, and neither a namespace nor a fork would include those.
    let isolation = Isolation::enter();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("cannot start: {e}"), "is the machine out of file descriptors?"))?;
    runtime.block_on(async {
        match isolation {
            Ok(isolation) => Workload::new(spec, isolation, signals.mask_before()).live(signals).await,
            Err(failure) => {
                farewell(&Api::new(spec.api_socket.clone(), None), &spec).await;
                WorkloadDir::remove(&spec.workload_dir);
                Err(failure)
            }
        }
    })
}

/// The network namespace of the workload, from inside.
struct Isolation {
    host: Arc<Namespace>,
    guard: Guard,
}

impl Isolation {
    fn enter() -> Result<Self, Failure> {
        let enter = || {
            let host = Arc::new(Namespace::current()?);
            Namespace::unshare()?;
            process::adopt_orphans()?;
            Ok(Self { host, guard: Guard::start()? })
        };
        enter().map_err(|e: std::io::Error| {
            Failure::new(
                format!("cannot make a network namespace: {e}"),
                "programs enter the mesh as root with CAP_SYS_ADMIN; in a container it has to be granted",
            )
        })
    }
}

/// Everything that exists for one workload.
struct Workload {
    spec: Arc<Spec>,
    api: Api,
    isolation: Isolation,
    network: Network,
    children: Children,
    signal_mask: SignalMask,
    report: watch::Sender<Report>,
    /// A signal that came before the program could get it.
    interrupt: watch::Sender<Option<i32>>,
    /// What goes on for the workload's life.
    background: JoinSet<()>,
    proxy: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Workload {
    fn new(spec: Spec, isolation: Isolation, signal_mask: SignalMask) -> Self {
        Self {
            api: Api::new(spec.api_socket.clone(), Some(Arc::clone(&isolation.host))),
            network: Network::of(&spec.enrollment.status),
            spec: Arc::new(spec),
            isolation,
            children: Children::default(),
            signal_mask,
            report: watch::Sender::new(Report::STARTING),
            interrupt: watch::Sender::new(None),
            background: JoinSet::new(),
            proxy: None,
        }
    }

    async fn live(mut self, signals: Signals) -> Result<u8, Failure> {
        let program = relay::Target::default();
        // Not in the background set: exits of children are collected until the very end.
        let relayed = relay::run(signals, self.children.clone(), program.clone(), self.interrupt.clone());
        tokio::spawn(async move {
            if let Err(e) = relayed.await {
                crate::failure::say(&format!("signals no longer arrive: {e}"));
            }
        });
        let outcome = match self.begin(&program).await {
            Ok(mut running) => running.wait().await.map(code).map_err(|e| Failure::new(e.to_string(), "")),
            Err(failure) => Err(failure),
        };
        self.end().await;
        outcome
    }

    /// Everything up to the start of the program, in the order in which each part needs the one before.
    async fn begin(&mut self, target: &relay::Target) -> Result<Running, Failure> {
        self.spec.program.check()?;
        tool::require_ip()?;
        let dir = WorkloadDir::create(&self.spec.workload_dir)?;
        self.renew_lease();
        self.network.bring_up(&self.isolation.host, &self.children).await?;
        self.not_interrupted()?;
        hauberk_redirect::apply(&redirect(&self.spec), Mode::Nft, None).map_err(|e| Failure::new(e.what, e.hint))?;
        self.serve_names().await?;
        self.not_interrupted()?;
        self.start_proxy(&dir).await?;
        self.renew_token(&dir);
        let mounts = program::mounts(&self.spec.enrollment.status, &dir)?;
        let running = program::start(&self.spec.program, mounts, self.signal_mask, &self.children)?;
        target.set(running.pid);
        // Whoever reads what the program writes learns when it closes its end, not only when it ends.
        if let Err(e) = process::let_go_of_standard_streams() {
            crate::failure::say(&format!("the program's streams stay open until its end: {e}"));
        }
        self.watch_readiness();
        Ok(running)
    }

    fn renew_lease(&mut self) {
        let (spec, api, report) = (Arc::clone(&self.spec), self.api.clone(), self.report.subscribe());
        self.background.spawn(async move { lease::keep(&api, &spec.enrollment, report).await });
    }

    fn renew_token(&mut self, dir: &WorkloadDir) {
        let (spec, api, dir) = (Arc::clone(&self.spec), self.api.clone(), dir.clone());
        self.background.spawn(async move { token::keep(&api, &spec.enrollment, &dir).await });
    }

    async fn serve_names(&mut self) -> Result<(), Failure> {
        let zone = dns::Zone::new(&self.spec.enrollment.status.cluster_domain)?;
        let names = watch::Sender::new(None);
        let mut known = names.subscribe();
        let server = dns::Server::bind(zone, names.subscribe(), Arc::clone(&self.isolation.host)).await?;
        self.background.spawn(server.run());
        let api = self.api.clone();
        self.background.spawn(async move { dns::follow(&api, &names).await });
        // Without an answer names fail for now, and the program may still do what it does without them.
        let _ = tokio::time::timeout(NAMES_TIMEOUT, known.wait_for(Option::is_some)).await;
        Ok(())
    }

    async fn start_proxy(&mut self, dir: &WorkloadDir) -> Result<(), Failure> {
        let status = &self.spec.enrollment.status;
        dir.write_token(&status.token).map_err(|e| Failure::new(format!("cannot write the token: {e}"), ""))?;
        if self.spec.proxy_binary.is_some() {
            identity::write(&status.identity, dir)?;
        }
        let proxy = Proxy::new(&self.spec, dir, self.signal_mask, self.children.clone(), self.report.clone())?;
        let first = proxy.start()?;
        let stop = watch::Sender::new(false);
        let mut kept = tokio::spawn(proxy.keep(first, stop.subscribe()));
        let mut report = self.report.subscribe();
        let mut interrupt = self.interrupt.subscribe();
        let timeout = Duration::from_secs(self.spec.proxy_ready_timeout_seconds.into());
        let ready = tokio::select! {
            _ = report.wait_for(|report| report.proxy) => Ok(()),
            _ = interrupt.wait_for(Option::is_some) => self.not_interrupted(),
            _ = &mut kept => return Err(proxy_failed("the proxy found its environment wrong", dir)),
            () = tokio::time::sleep(timeout) => {
                Err(proxy_failed(&format!("the proxy did not become ready within {timeout:?}"), dir))
            }
        };
        self.proxy = Some((stop, kept));
        ready
    }

    fn watch_readiness(&mut self) {
        let serving = self.spec.readiness.is_none();
        self.report
            .send_modify(|report| (report.running, report.serving, report.reason) = (true, serving, "NotServing"));
        let (spec, report) = (Arc::clone(&self.spec), self.report.clone());
        self.background.spawn(async move {
            let Some(check) = &spec.readiness else { return };
            let mut verdict = Verdict::default();
            loop {
                let serving = verdict.observe(readiness::ask(check, spec.enrollment.status.pod_ip).await);
                report.send_if_modified(|report| std::mem::replace(&mut report.serving, serving) != serving);
                tokio::time::sleep(verdict.interval()).await;
            }
        });
    }

    fn not_interrupted(&self) -> Result<(), Failure> {
        match *self.interrupt.borrow() {
            Some(signal) => Err(Failure::Interrupted(signal)),
            None => Ok(()),
        }
    }

    /// Takes everything back. Each step is bounded, and none depends on how far the beginning came.
    async fn end(mut self) {
        self.background.abort_all();
        let proxy = async {
            if let Some((stop, kept)) = self.proxy.take() {
                stop.send_replace(true);
                let _ = kept.await;
            }
        };
        tokio::join!(proxy, farewell(&self.api, &self.spec));
        let guarded = self.children.expect(self.isolation.guard.pid());
        self.isolation.guard.release();
        let _ = tokio::time::timeout(GUARD_TIMEOUT, guarded).await;
        self.network.tear_down(&self.isolation.host, &self.children).await;
        WorkloadDir::remove(&self.spec.workload_dir);
    }
}

fn proxy_failed(how: &str, dir: &WorkloadDir) -> Failure {
    for line in log::last_lines(&dir.log(), LOG_LINES) {
        crate::failure::say(&format!("proxy: {line}"));
    }
    let hint = "it needs a certificate from the control plane; see its last lines above, and `hauberk check`";
    Failure::new(how, hint)
}

async fn farewell(api: &Api, spec: &Spec) {
    let _ = tokio::time::timeout(FAREWELL_TIMEOUT, lease::end(api, &spec.enrollment)).await;
}

fn redirect(spec: &Spec) -> Redirect {
    Redirect {
        skip_inbound: spec.skip_inbound_ports.iter().copied().collect(),
        skip_outbound: spec.skip_outbound_ports.iter().copied().collect(),
        proxy_uid: PROXY_UID,
        local_dns: true,
        ..Redirect::default()
    }
}

fn code(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    match status.code() {
        Some(code) => u8::try_from(code).unwrap_or(u8::MAX),
        None => code_of_signal(status.signal().unwrap_or_default()),
    }
}
