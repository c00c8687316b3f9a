//! The words on the command line.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use hauberk_core::words::Words;

use crate::failure::{Failure, say};
use crate::supervise;
use crate::waiting::{Await, read_sleep};

const SUPERVISE_USAGE: &str = "usage: hauberk-proxy supervise --spec FILE

Runs the workload that FILE describes (written by `hauberk run`, removed once read) in a network
namespace of its own, with a proxy beside it. Exits with the program's code.
";

const AWAIT_USAGE: &str = "usage: hauberk-proxy await [--timeout DURATION] [--port PORT]

Returns when the proxy of this network is ready (2m, port 4191): for a container's postStart hook.
";

const SLEEP_USAGE: &str = "usage: hauberk-proxy sleep SECONDS

Waits: for a container's preStop hook, where the image has no shell and the cluster no `sleep` action.
";

/// What exits with 2: a mistake on the command line, as usual.
const USAGE: u8 = 2;

/// `supervise`: arguments after the word itself.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let spec = match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(flag), _, _) if is_help(&flag) => return print(SUPERVISE_USAGE),
        (Some(flag), Some(file), None) if flag == "--spec" => PathBuf::from(file),
        _ => return misuse(SUPERVISE_USAGE),
    };
    ExitCode::from(supervise::run(&spec).unwrap_or_else(|failure| {
        failure.report();
        failure.exit_code()
    }))
}

/// `await`: arguments after the word itself.
pub fn wait_for_proxy(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    let wanted = match Await::read(Words::new(words)) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => return print(AWAIT_USAGE),
        Err(why) => {
            say(&why);
            return misuse(AWAIT_USAGE);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let waited = runtime.map_err(|e| Failure::new(e.to_string(), "")).and_then(|it| it.block_on(wanted.run()));
    match waited {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::FAILURE
        }
    }
}

/// `sleep`: arguments after the word itself.
pub fn sleep(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    match (arguments.next(), arguments.next()) {
        (Some(flag), None) if is_help(&flag) => print(SLEEP_USAGE),
        (Some(time), None) => match time.to_str().and_then(read_sleep) {
            Some(time) => {
                std::thread::sleep(time);
                ExitCode::SUCCESS
            }
            None => misuse(SLEEP_USAGE),
        },
        _ => misuse(SLEEP_USAGE),
    }
}

fn is_help(flag: &OsStr) -> bool {
    flag == "--help" || flag == "-h"
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn misuse(usage: &str) -> ExitCode {
    let _ = std::io::stderr().write_all(usage.as_bytes());
    ExitCode::from(USAGE)
}
