//! The proxy beside the program: started first, restarted for life.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hauberk_net::process::{FailedStep, Rights, SignalMask};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::PROXY_UID;
use crate::backoff::{Backoff, random};
use crate::children::{Children, Running};
use crate::failure::{Failure, say};
use crate::lease::Report;
use crate::log::BoundedLog;
use crate::readiness::{ADMIN_PORT, proxy_is_ready};
use crate::spec::Spec;
use crate::workload_dir::WorkloadDir;

/// Pauses before a restart.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// One that became ready and lived for so long was all right: its end is a first one, and it is back within a second.
const STABLE: Duration = Duration::from_secs(1);
/// What a proxy exits with when its environment makes no sense (EX_USAGE of sysexits(3)): to start it again is no use.
const WRONG_ENVIRONMENT: i32 = 64;
/// How long it may take to finish what is in flight when its program is gone.
const DRAIN: Duration = Duration::from_secs(1);
/// How long it may take to read what one that ended has written; a child of its own may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// What is read of its output at once.
const OUTPUT_PIECE: usize = 4096;

/// What is needed to start it again and again.
#[derive(Debug)]
pub(crate) struct Proxy {
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    signal_mask: SignalMask,
    children: Children,
    log: Arc<Mutex<BoundedLog>>,
    report: watch::Sender<Report>,
}

/// A proxy that was started.
#[derive(Debug)]
pub(crate) struct Started {
    process: Running,
    /// Ends when all that it wrote is in the log.
    recorded: JoinHandle<()>,
}

impl Proxy {
    pub(crate) fn new(
        spec: &Spec,
        dir: &WorkloadDir,
        signal_mask: SignalMask,
        children: Children,
        report: watch::Sender<Report>,
    ) -> Result<Self, Failure> {
        let log = BoundedLog::open(&dir.log())
            .map_err(|e| Failure::new(format!("cannot open the proxy's log {}: {e}", dir.log().display()), ""))?;
        let binary = match &spec.proxy_binary {
            Some(binary) => binary.clone(),
            None => dir.link_own_binary().map_err(|e| Failure::new(format!("cannot link the proxy: {e}"), ""))?,
        };
        Ok(Self {
            binary,
            environment: environment(&spec.enrollment.status.environment, dir, own_settings()),
            signal_mask,
            children,
            log: Arc::new(Mutex::new(log)),
            report,
        })
    }

    /// Starts it for the first time, which shows whether that can work at all.
    pub(crate) fn start(&self) -> Result<Started, Failure> {
        self.spawn().map_err(|e| {
            let FailedStep { step, error } = FailedStep::of(e);
            let at = step.map(|step| format!(" ({step:?})")).unwrap_or_default();
            Failure::new(
                format!("the proxy {} cannot be started{at}: {error}", self.binary.display()),
                format!("the user with uid {PROXY_UID} has to be able to read and execute it"),
            )
        })
    }

    /// Keeps it running until `stop` says otherwise, or gives up on one that was never ready and finds its environment
    /// wrong. While it is dead, connections are refused: the redirect stays.
    pub(crate) async fn keep(self, first: Started, mut stop: watch::Receiver<bool>) {
        let (mut ever_ready, mut told) = (false, false);
        let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
        let mut running = Some(first);
        loop {
            let begin = Instant::now();
            if let Some(mut proxy) = running.take() {
                let end = tokio::select! {
                    end = self.attend(&mut proxy.process) => Some(end),
                    _ = stop.wait_for(|stop| *stop) => None,
                };
                let Some(end) = end else { return self.drain(proxy.process).await };
                let was_ready = self.set_ready(false);
                if was_ready && begin.elapsed() >= STABLE {
                    backoff.reset();
                }
                ever_ready |= was_ready;
                // Its last words are in the log before anybody looks for them.
                let _ = tokio::time::timeout(LAST_WORDS, proxy.recorded).await;
                if !ever_ready && end.as_ref().is_ok_and(|status| status.code() == Some(WRONG_ENVIRONMENT)) {
                    return;
                }
                let end = end.map_or_else(|e| e.to_string(), |status| status.to_string());
                if was_ready || !told {
                    told = true;
                    say(&format!("the proxy ended ({end}); it is started again"));
                }
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.pause(random())) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            match self.spawn() {
                Ok(proxy) => running = Some(proxy),
                Err(e) => say(&format!("the proxy cannot be started: {}", FailedStep::of(e).error)),
            }
        }
    }

    /// Waits for its end, and meanwhile for its readiness.
    async fn attend(&self, proxy: &mut Running) -> io::Result<ExitStatus> {
        let ready = async {
            proxy_is_ready(ADMIN_PORT).await;
            self.set_ready(true);
            std::future::pending().await
        };
        tokio::select! {
            end = proxy.wait() => end,
            never = ready => never,
        }
    }

    /// What it was before.
    fn set_ready(&self, ready: bool) -> bool {
        let mut before = false;
        self.report.send_modify(|report| before = std::mem::replace(&mut report.proxy, ready));
        before
    }

    async fn drain(&self, mut proxy: Running) {
        self.children.signal(proxy.pid, libc::SIGTERM);
        if tokio::time::timeout(DRAIN, proxy.wait()).await.is_err() {
            self.children.signal(proxy.pid, libc::SIGKILL);
            let _ = proxy.wait().await;
        }
    }

    fn spawn(&self) -> io::Result<Started> {
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::from(writer.try_clone()?))
            .stderr(Stdio::from(writer));
        let rights = Rights {
            uid: PROXY_UID,
            gid: PROXY_UID,
            groups: Vec::new(),
            capabilities: 0,
            no_new_privileges: true,
            own_session: true,
            directory: c"/".to_owned(),
            mounts: Vec::new(),
            signal_mask: self.signal_mask,
        };
        rights.limit(&mut command);
        let output = pipe::Receiver::from_owned_fd(reader.into())?;
        let process = self.children.spawn(&mut command)?;
        Ok(Started { process, recorded: tokio::spawn(record(output, Arc::clone(&self.log))) })
    }
}

/// What the control plane says, the two paths that only this process knows, and what a person set for proxies.
fn environment(
    enrollment: &BTreeMap<String, String>,
    dir: &WorkloadDir,
    own: impl Iterator<Item = (String, String)>,
) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut environment = enrollment.clone();
    environment.extend(own.filter(|(name, _)| is_for_proxies(name)));
    environment.insert("LINKERD2_PROXY_IDENTITY_DIR".to_owned(), text(&dir.identity()));
    environment.insert("LINKERD2_PROXY_IDENTITY_TOKEN_FILE".to_owned(), text(&dir.token()));
    environment
}

/// This process's own environment as far as it is text.
fn own_settings() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// `HAUBERK_PROXY_BINARY` is for `hauberk run`; the front mode is the control plane's own.
fn is_for_proxies(name: &str) -> bool {
    name.starts_with("LINKERD2_PROXY_LOG")
        || (name.starts_with("HAUBERK_PROXY_")
            && name != "HAUBERK_PROXY_BINARY"
            && !name.starts_with("HAUBERK_PROXY_FRONT_"))
}

async fn record(mut output: pipe::Receiver, log: Arc<Mutex<BoundedLog>>) {
    let mut piece = vec![0; OUTPUT_PIECE];
    while let Ok(length @ 1..) = output.read(&mut piece).await {
        // A full disk costs lines of the log, not the proxy.
        let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write(&piece[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_inherits_nothing_but_settings_for_proxies() {
        let names = [
            ("HAUBERK_PROXY_VIEW_CONFIRM", true),
            ("LINKERD2_PROXY_LOG", true),
            ("LINKERD2_PROXY_LOG_FORMAT", true),
            ("LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS", false),
            ("HAUBERK_PROXY_BINARY", false),
            ("HAUBERK_PROXY_FRONT_TARGET", false),
            ("LD_PRELOAD", false),
            ("PATH", false),
        ];
        for (name, inherited) in names {
            assert_eq!(is_for_proxies(name), inherited, "{name}");
        }
    }
}
