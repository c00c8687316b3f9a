//! Descriptors that are kept back for when there are none left.
//!
//! A process without a free descriptor cannot even take a connection from the kernel to refuse it, and a connection that it
//! took is of no use without a second one to its destination. So some are kept: given up one by one where one is needed,
//! and taken again when others are free. Until all are back, newcomers are to be turned away.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The reserve of this process, which has one table of descriptors for all its threads.
pub static RESERVE: Reserve = Reserve::new();

/// What opens a descriptor and needs nothing else.
const NOTHING: &str = "/dev/null";

/// Descriptors that are kept back. Nothing is kept until [`Reserve::keep`] says so.
#[derive(Debug)]
pub struct Reserve {
    kept: Mutex<Kept>,
    missing: AtomicUsize,
}

#[derive(Debug)]
struct Kept {
    files: Vec<File>,
    wanted: usize,
}

impl Reserve {
    /// Keeps nothing.
    pub const fn new() -> Self {
        Self { kept: Mutex::new(Kept { files: Vec::new(), wanted: 0 }), missing: AtomicUsize::new(0) }
    }

    /// Keeps `count` from now on; an error, and none, if they cannot be had.
    pub fn keep(&self, count: usize) -> io::Result<()> {
        let files = (0..count).map(|_| File::open(NOTHING)).collect::<io::Result<Vec<_>>>()?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Kept { files, wanted: count };
        self.missing.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Whether all are there, after taking what is free of those that are missing.
    pub fn is_whole(&self) -> bool {
        self.missing.load(Ordering::Relaxed) == 0 || self.take_back()
    }

    /// Gives one up, so that something else can be opened in its place; `false` when there is none.
    pub fn give_up(&self) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let given = kept.files.pop().is_some();
        self.missing.store(kept.missing(), Ordering::Relaxed);
        given
    }

    fn take_back(&self) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.missing() > 0 {
            let Ok(file) = File::open(NOTHING) else { break };
            kept.files.push(file);
        }
        self.missing.store(kept.missing(), Ordering::Relaxed);
        kept.missing() == 0
    }
}

impl Default for Reserve {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    fn missing(&self) -> usize {
        self.wanted.saturating_sub(self.files.len())
    }
}

/// Whether an error says that the process, or the whole machine, has no descriptor left.
pub fn are_out(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}
