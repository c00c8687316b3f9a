//! Why a workload could not be set up, in words for the person who started it.

use std::io::Write as _;

/// Exit codes as in a shell: 126 found but not executable, 127 not found; 125 is ours (timeout(1), env(1)).
const SETUP: u8 = 125;

/// Ends a set-up or a supervision early.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// Something of the machine, the spec or the proxy is not as it has to be.
    #[error("{what}")]
    Setup {
        /// What is wrong and who was wrong.
        what: String,
        /// What to do next; may be empty.
        hint: String,
    },
    /// The program could not be started.
    #[error("{what}")]
    Program {
        /// 126 or 127.
        code: u8,
        /// What is wrong.
        what: String,
    },
    /// A signal arrived before the program ran.
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
}

impl Failure {
    /// A failed set-up with the next step for the person.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Setup { what: what.into(), hint: hint.into() }
    }

    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Setup { .. } => SETUP,
            Self::Program { code, .. } => *code,
            Self::Interrupted(signal) => code_of_signal(*signal),
        }
    }

    /// Tells the person. An interruption was their own wish and needs no words.
    pub fn report(&self) {
        if matches!(self, Self::Interrupted(_)) {
            return;
        }
        say(&self.to_string());
        if let Self::Setup { hint, .. } = self
            && !hint.is_empty()
        {
            say(&format!("hint: {hint}"));
        }
    }
}

/// The exit code that stands for the end by a signal.
pub(crate) fn code_of_signal(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// One line on the standard error stream, which is shared with the program. Nobody reads: nobody is told.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "hauberk: {line}");
}
