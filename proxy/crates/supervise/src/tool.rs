//! The system's own tool for networks: `ip`.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use hauberk_net::namespace::Namespace;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;

use crate::children::Children;
use crate::failure::Failure;

/// It takes milliseconds; longer means that the kernel is stuck.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What is kept of its output.
const OUTPUT_MAX: u64 = 64 * 1024;
/// Where it is when PATH does not say.
const FALLBACK: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Runs `ip` with `input`, in the namespace `inside` or in this process's own; its output.
pub(crate) async fn ip(
    arguments: &[&str],
    input: &str,
    inside: Option<&Namespace>,
    children: &Children,
) -> Result<String, Failure> {
    let mut command = Command::new(find_ip()?);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |why: String| {
        let what = format!("`ip {}` failed: {}", arguments.join(" "), why.trim().replace('\n', "; "));
        Failure::new(what, hint(&why))
    };
    if let Some(namespace) = inside {
        namespace.start_inside(&mut command).map_err(|e| failed(e.to_string()))?;
    }
    match tokio::time::timeout(TIMEOUT, exchange(command, input, children)).await {
        Err(_) => Err(failed(format!("it did not end within {TIMEOUT:?}"))),
        Ok(Err(e)) => Err(failed(e.to_string())),
        Ok(Ok(Output { success: true, out, .. })) => Ok(out),
        Ok(Ok(Output { err, .. })) => Err(failed(err)),
    }
}

/// Whether the tool's complaint is that the thing exists already, or does not exist, which is as good.
pub(crate) fn is_done_already(failure: &Failure) -> bool {
    let text = failure.to_string();
    ["File exists", "Cannot find device", "does not exist"].iter().any(|known| text.contains(known))
}

/// Whether `ip` is there at all, before anything was changed.
pub(crate) fn require_ip() -> Result<(), Failure> {
    find_ip().map(|_: PathBuf| ())
}

fn find_ip() -> Result<PathBuf, Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(FALLBACK.iter().map(PathBuf::from))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("ip"))
        .find(|file| file.is_file())
        .ok_or_else(|| Failure::new("the program `ip` is missing", "install it: apt-get install iproute2"))
}

struct Output {
    success: bool,
    out: String,
    err: String,
}

async fn exchange(mut command: Command, input: &str, children: &Children) -> io::Result<Output> {
    // A group of its own: a key on the terminal is for the program, and a step that was begun is finished.
    let mut child = children.spawn(command.current_dir(Path::new("/")).process_group(0))?;
    if let Some(stdin) = child.stdin.take() {
        // A tool that ends without reading tells its reason in its own words.
        let _ = pipe::Sender::from_owned_fd(stdin.into())?.write_all(input.as_bytes()).await;
    }
    let (out, err) =
        tokio::join!(read(child.stdout.take().map(OwnedFd::from)), read(child.stderr.take().map(OwnedFd::from)));
    let success = child.wait().await?.success();
    Ok(Output { success, out: out?, err: err? })
}

async fn read(pipe: Option<OwnedFd>) -> io::Result<String> {
    let mut text = Vec::new();
    if let Some(pipe) = pipe {
        pipe::Receiver::from_owned_fd(pipe)?.take(OUTPUT_MAX).read_to_end(&mut text).await?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn hint(why: &str) -> &'static str {
    if why.contains("Operation not permitted") {
        "programs enter the mesh as root with CAP_NET_ADMIN; in a container it has to be granted"
    } else if why.contains("Operation not supported") || why.contains("Unknown device type") {
        "the kernel lacks a part: bridge and veth are needed"
    } else {
        "run it by hand as root to see more"
    }
}
