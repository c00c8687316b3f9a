//! The words on the command line.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use crate::keep::install;
use crate::options::read;
use crate::plugin;

const USAGE: &str = "usage: hauberk-proxy cni [install | ready] [OPTION VALUE]...

Without a word: a CNI plugin, called by a container runtime. It redirects the connections of pods in the mesh.
install: puts it on this node, and keeps it there until SIGTERM. ready: succeeds while it is there.

  --bin-dir DIR               where the node's plugins are (/opt/cni/bin); mounted where it is on the node
  --net-dir DIR               where its network configuration is (/etc/cni/net.d); the same
  --account-dir DIR           this program's token and the cluster's certificate
  --server URL                the API server (as the environment of a pod says)
  --exclude-namespaces LIST   pods there are never in the mesh, and nobody is asked about them (kube-system)
  --mode, --skip-inbound-ports, --skip-outbound-ports, --skip-subnets
                              as for `hauberk-proxy redirect`, where a pod's annotations say nothing else
  --repair NODE               deletes pods of this node that started without the plugin, so that they are made anew
";

/// What exits with 2: a mistake on the command line, as usual.
const MISUSE: u8 = 2;

/// `cni`: arguments after the word itself.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    let done = match words.next().as_deref() {
        None => return plugin::run(),
        Some("--help" | "-h") => return usage(),
        Some("install") => match read(words) {
            Ok(Some(wanted)) => install(&wanted),
            Ok(None) => return usage(),
            Err(why) => return misuse(&why),
        },
        Some("ready") => match read(words) {
            Ok(Some(wanted)) => wanted.node.is_ready(),
            Ok(None) => return usage(),
            Err(why) => return misuse(&why),
        },
        Some(other) => return misuse(&format!("{other:?} is neither install nor ready")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    match std::io::stdout().write_all(USAGE.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn misuse(why: &str) -> ExitCode {
    let _ = write!(std::io::stderr(), "hauberk: {why}\n{USAGE}");
    ExitCode::from(MISUSE)
}

/// For the log of the pod, or of the container runtime.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "hauberk: {line}");
}
