//! The words on the command line.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use crate::failure::Failure;
use crate::redirect::Redirect;
use crate::supervise;
use crate::tool::Tool;

const SUPERVISE_USAGE: &str = "usage: hauberk-proxy supervise --spec FILE

Runs the workload that FILE describes (written by `hauberk run`, removed once read) in a network
namespace of its own, with a proxy beside it. Exits with the program's code.
";

const REDIRECT_USAGE: &str =
    "usage: hauberk-proxy redirect [--print] [--skip-inbound-ports LIST] [--skip-outbound-ports LIST]

Sends the TCP of this network namespace through the proxy in it (uid 2102, ports 4143 and 4140).
LIST: ports and ranges, such as 25,4190-4191. --print shows the rules (for `nft -f -`) and changes nothing.
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

/// `redirect`: arguments after the word itself.
pub fn redirect(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let mut wanted = Redirect { skip_inbound: BTreeSet::from([4190, 4191]), ..Redirect::default() };
    let mut only_print = false;
    while let Some(flag) = arguments.next() {
        let ports = match flag.to_str() {
            Some("--print") => {
                only_print = true;
                continue;
            }
            Some("--skip-inbound-ports") => &mut wanted.skip_inbound,
            Some("--skip-outbound-ports") => &mut wanted.skip_outbound,
            _ if is_help(&flag) => return print(REDIRECT_USAGE),
            _ => return misuse(REDIRECT_USAGE),
        };
        match arguments.next().as_deref().and_then(OsStr::to_str).and_then(port_list) {
            Some(list) => ports.extend(list),
            None => return misuse(REDIRECT_USAGE),
        }
    }
    if only_print {
        return print(&wanted.rules());
    }
    match apply(&wanted.rules()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::FAILURE
        }
    }
}

/// Ports and ranges with commas between them; `None` where it is something else.
fn port_list(text: &str) -> Option<Vec<u16>> {
    let mut ports = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = first.trim().parse::<u16>().ok()?..=last.trim().parse::<u16>().ok()?;
        if range.is_empty() || *range.start() == 0 {
            return None;
        }
        ports.extend(range);
    }
    Some(ports)
}

fn apply(rules: &str) -> Result<(), Failure> {
    let failed = |why: String| {
        Failure::new(
            format!("the rules were not accepted: {}", why.trim()),
            "it needs root (CAP_NET_ADMIN) and nf_tables",
        )
    };
    let mut nft = Command::new(Tool::Nft.find()?);
    let nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut nft = nft.spawn().map_err(|e| failed(e.to_string()))?;
    if let Some(mut stdin) = nft.stdin.take() {
        // Should nft end without reading, it says why.
        let _ = stdin.write_all(rules.as_bytes());
    }
    let output = nft.wait_with_output().map_err(|e| failed(e.to_string()))?;
    if output.status.success() { Ok(()) } else { Err(failed(String::from_utf8_lossy(&output.stderr).into_owned())) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_alone_and_in_ranges() {
        assert_eq!(port_list("25,4190-4192"), Some(vec![25, 4190, 4191, 4192]));
        assert_eq!(port_list(""), Some(vec![]));
        for wrong in ["http", "0", "5-4", "65536", "1-", "-"] {
            assert_eq!(port_list(wrong), None, "{wrong}");
        }
    }
}
