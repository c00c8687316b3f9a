//! What signals mean here: children that ended, and wishes that are the program's.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hauberk_net::process::{self, Delivery, Signals};
use libc::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use tokio::sync::watch;

use crate::children::Children;

/// Signals that go on to the program.
pub(crate) const RELAYED: [i32; 7] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH];
/// Those that, before there is a program, ask to stop.
const STOPPING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// The program, once there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target(Arc<AtomicU32>);

impl Target {
    pub(crate) fn set(&self, pid: u32) {
        self.0.store(pid, Ordering::Relaxed);
    }

    fn pid(&self) -> Option<u32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }
}

/// Handles signals as long as the process lives.
pub(crate) async fn run(
    signals: Signals,
    children: Children,
    target: Target,
    interrupt: watch::Sender<Option<i32>>,
) -> io::Result<()> {
    let mut signals = signals.listen()?;
    loop {
        let delivery = signals.next().await?;
        match (delivery.signal, target.pid()) {
            (SIGCHLD, _) => children.reap(),
            (_, Some(pid)) => relay(delivery, pid, &children),
            (signal, None) if STOPPING.contains(&signal) => {
                interrupt.send_replace(Some(signal));
            }
            _ => {}
        }
    }
}

/// A key on the terminal was heard by the whole foreground group: the program has that signal already.
fn relay(delivery: Delivery, pid: u32, children: &Children) {
    if delivery.from_kernel && process::shares_group(pid) {
        return;
    }
    children.signal(pid, delivery.signal);
}
