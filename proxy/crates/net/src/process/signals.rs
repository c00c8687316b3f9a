//! Signals as something to read, with their origin.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use tokio::io::unix::AsyncFd;

use super::check;

/// The set of signals that a process has blocked.
#[derive(Clone, Copy)]
pub struct SignalMask(libc::sigset_t);

impl SignalMask {
    /// Makes it the calling thread's. Makes one system call, so it may run between fork and exec.
    pub(crate) fn restore(&self) -> io::Result<()> {
        // SAFETY: the set is initialised; the old one is not asked for.
        match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) } {
            0 => Ok(()),
            e => Err(io::Error::from_raw_os_error(e)),
        }
    }

    fn empty() -> Self {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the pointer is to a place for a set.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        // SAFETY: the call has initialised it; it cannot fail.
        Self(unsafe { set.assume_init() })
    }

    /// Every signal that can be blocked.
    pub(crate) fn full() -> Self {
        let mut set = MaybeUninit::uninit();
        // SAFETY: the pointer is to a place for a set.
        unsafe { libc::sigfillset(set.as_mut_ptr()) };
        // SAFETY: the call has initialised it; it cannot fail.
        Self(unsafe { set.assume_init() })
    }

    fn add(&mut self, signal: i32) {
        // SAFETY: the set is initialised; an unknown number leaves it unchanged.
        unsafe { libc::sigaddset(&raw mut self.0, signal) };
    }
}

impl std::fmt::Debug for SignalMask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignalMask")
    }
}

/// A signal that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub signal: i32,
    /// Whether the kernel sent it (a key on the terminal, a hang-up) and not a process: the terminal's signals go to
    /// every process of the foreground group (termios(3)).
    pub from_kernel: bool,
}

/// Signals that do nothing by themselves any more and are read from here (signalfd(2)).
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
    before: SignalMask,
}

impl Signals {
    /// Blocks `signals` and SIGCHLD in the calling thread; threads made later inherit that. Those of `signals` that the
    /// process was started to ignore (nohup(1)) stay ignored.
    pub fn block(signals: &[i32]) -> io::Result<Self> {
        // SAFETY: the default action needs no handler. An inherited "ignore" would keep exit statuses from us.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
        let mut wanted = SignalMask::empty();
        wanted.add(libc::SIGCHLD);
        for signal in signals.iter().copied().filter(|s| !is_ignored(*s)) {
            wanted.add(signal);
        }
        let mut before = SignalMask::empty();
        // SAFETY: both sets are initialised and live during the call.
        match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const wanted.0, &raw mut before.0) } {
            0 => {}
            e => return Err(io::Error::from_raw_os_error(e)),
        }
        // SAFETY: the set is initialised; -1 asks for a new descriptor.
        let fd = unsafe { libc::signalfd(-1, &raw const wanted.0, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) };
        check(fd)?;
        // SAFETY: the descriptor was just made and belongs to nobody else.
        Ok(Self { fd: unsafe { OwnedFd::from_raw_fd(fd) }, before })
    }

    /// What was blocked before: what children should start with.
    pub fn mask_before(&self) -> SignalMask {
        self.before
    }

    /// Begins to read, within a runtime.
    pub fn listen(self) -> io::Result<Deliveries> {
        // SAFETY: the descriptor is owned by the result, so it is open for as long as it is registered.
        let fd = unsafe { AsyncFd::register(self.fd) }.map_err(|e| e.into_parts().1)?;
        Ok(Deliveries { fd })
    }
}

/// Signals as they arrive.
#[derive(Debug)]
pub struct Deliveries {
    fd: AsyncFd<OwnedFd>,
}

impl Deliveries {
    /// The next signal. Cancel safe.
    pub async fn next(&mut self) -> io::Result<Delivery> {
        loop {
            let mut ready = self.fd.readable().await?;
            match ready.try_io(|fd| read(fd.get_ref())) {
                Err(_would_block) => {}
                Ok(Err(e)) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(delivery) => return delivery,
            }
        }
    }
}

fn read(fd: &OwnedFd) -> io::Result<Delivery> {
    let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
    let size = size_of::<libc::signalfd_siginfo>();
    // SAFETY: the buffer is as large as said.
    let read = unsafe { libc::read(fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
    match usize::try_from(read) {
        Ok(n) if n == size => {
            // SAFETY: the kernel filled the whole structure, and any bytes are a valid one.
            let info = unsafe { info.assume_init() };
            Ok(Delivery {
                signal: i32::try_from(info.ssi_signo).unwrap_or_default(),
                from_kernel: info.ssi_code == libc::SI_KERNEL,
            })
        }
        Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

fn is_ignored(signal: i32) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null new action only asks; the old one has a place.
    let asked = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: a call that succeeded has filled the action.
    asked == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}
