//! The processes that this one started or inherited, and how they ended.

use std::collections::HashMap;
use std::io;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use hauberk_net::process;
use tokio::sync::oneshot;

use crate::failure::say;

/// Everyone who waits for a child. As orphans of the program are adopted too, exit statuses are collected in one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children {
    waiting: Arc<Mutex<HashMap<u32, oneshot::Sender<ExitStatus>>>>,
}

/// A child that was started.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
    exit: oneshot::Receiver<ExitStatus>,
}

impl Children {
    /// Starts a child. It is not killed when the result is dropped.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Running> {
        // Statuses are collected by the same thread that is here now, so the child cannot be missed.
        let mut child = command.spawn()?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        Ok(Running { pid: child.id(), stdin, stdout, stderr, exit: self.expect(child.id()) })
    }

    /// The exit of a child that was started in another way.
    pub(crate) fn expect(&self, pid: u32) -> oneshot::Receiver<ExitStatus> {
        let (tell, exit) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(pid, tell);
        exit
    }

    /// Sends a signal to a child unless its end was collected already: its pid may be somebody else's then.
    pub(crate) fn signal(&self, pid: u32, signal: i32) {
        if !self.waiting.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&pid) {
            return;
        }
        if let Err(e) = process::kill(pid, signal) {
            say(&format!("cannot send signal {signal} to process {pid}: {e}"));
        }
    }

    /// Collects all that ended since the last call.
    pub(crate) fn reap(&self) {
        while let Ok(Some((pid, status))) = process::reap() {
            let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&pid);
            if let Some(tell) = waiting {
                let _ = tell.send(status); // nobody waits any more: it was only to be collected
            }
        }
    }
}

impl Running {
    /// Waits for its end. Cancel safe.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        (&mut self.exit).await.map_err(|_| io::Error::other("the child's exit was never collected"))
    }
}
