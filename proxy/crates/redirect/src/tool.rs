//! iptables' programs, of either kind.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hauberk_net::namespace::Namespace;

use crate::failure::Failure;
use crate::iptables;
use crate::rules::Redirect;

/// Where they are when PATH does not say.
const FALLBACK: [&str; 2] = ["/usr/sbin", "/sbin"];
/// What only iptables-legacy needs; a read-only root file system has a second place that can be written.
const LOCKS: [&str; 2] = ["/run/xtables.lock", "/dev/shm/xtables.lock"];
/// What is read of a program's output at most; the rules of a fresh network are few.
const OUTPUT_MAX: u64 = 4 * 1024 * 1024;
const IPV6_ADDRESSES: &str = "/proc/thread-self/net/if_inet6";

/// Which of iptables' ways to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nft,
    Legacy,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nft => "iptables-nft",
            Self::Legacy => "iptables-legacy",
        }
    }

    /// The program that does `what` (`save` or `restore`) for a family. Where there is only one without a kind in its name,
    /// it says itself which kind it is.
    fn program(self, ipv4: bool, what: &str) -> Option<PathBuf> {
        let family = if ipv4 { "iptables" } else { "ip6tables" };
        let (own, other) = match self {
            Self::Nft => ("nft", "(nf_tables)"),
            Self::Legacy => ("legacy", "(legacy)"),
        };
        find(&format!("{family}-{own}-{what}")).or_else(|| {
            let unnamed = find(&format!("{family}-{what}"))?;
            let version = Command::new(&unnamed).arg("--version").stdin(Stdio::null()).output().ok()?;
            String::from_utf8_lossy(&version.stdout).contains(other).then_some(unnamed)
        })
    }
}

/// Makes the rules of both families.
pub(crate) fn make(redirect: &Redirect, kind: Kind, inside: Option<&Namespace>) -> Result<(), Failure> {
    make_family(redirect, kind, true, inside)?;
    match make_family(redirect, kind, false, inside) {
        // Without IPv6 there is nothing to redirect, and often no module that could.
        Err(_) if !has_ipv6(inside) => Ok(()),
        made => made,
    }
}

/// What is not there of the rules of either family, or why that cannot be told; nothing if all is there.
pub(crate) fn missing(kind: Kind, inside: Option<&Namespace>) -> Option<String> {
    let families = if has_ipv6(inside) { &[true, false][..] } else { &[true] };
    families.iter().find_map(|&ipv4| {
        let Some(save) = kind.program(ipv4, "save") else { return Some("the program is missing".to_owned()) };
        run(Command::new(save), "", inside).map_or_else(Some, |saved| iptables::missing(&saved))
    })
}

fn make_family(redirect: &Redirect, kind: Kind, ipv4: bool, inside: Option<&Namespace>) -> Result<(), Failure> {
    let missing = || Failure::new(format!("the program {} is missing", kind.name()), "install the package iptables");
    let (save, restore) = (kind.program(ipv4, "save"), kind.program(ipv4, "restore"));
    let (save, restore) = save.zip(restore).ok_or_else(missing)?;
    let saved = run(Command::new(save), "", inside).map_err(|why| explain(kind, &why))?;
    let mut command = Command::new(restore);
    command.arg("--noflush");
    run(command, &redirect.as_iptables(ipv4, &saved), inside).map_err(|why| explain(kind, &why)).map(drop)
}

/// Its output, or what it says is wrong.
fn run(mut command: Command, input: &str, inside: Option<&Namespace>) -> Result<String, String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir("/");
    if let Some(lock) = LOCKS.iter().find(|lock| can_be_written(lock)) {
        command.env("XTABLES_LOCKFILE", lock);
    }
    let mut exchange = || -> io::Result<Result<String, String>> {
        if let Some(namespace) = inside {
            namespace.start_inside(&mut command)?;
        }
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A program that ends without reading says why.
            let _ = stdin.write_all(input.as_bytes());
        }
        let mut said = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(OUTPUT_MAX).read_to_end(&mut said)?;
        }
        let ended = child.wait_with_output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', "; ");
        Ok(if ended.status.success() {
            Ok(String::from_utf8_lossy(&said).into_owned())
        } else {
            Err(text(&ended.stderr))
        })
    };
    exchange().unwrap_or_else(|error| Err(error.to_string()))
}

fn explain(kind: Kind, why: &str) -> Failure {
    let hint = if why.contains("lock") || why.contains("Read-only file system") {
        "/run/xtables.lock cannot be written: mount an emptyDir at /run"
    } else if why.contains("Permission denied") || why.contains("not permitted") {
        match kind {
            Kind::Nft => "it takes root with the capability NET_ADMIN",
            Kind::Legacy => "it takes root with the capabilities NET_ADMIN and NET_RAW",
        }
    } else if why.contains("unable to initialize table") {
        "it takes root with the capabilities NET_ADMIN and NET_RAW, and a kernel with iptable_nat and iptable_filter"
    } else if why.contains("does not exist") || why.contains("not supported") || why.contains("No chain/target/match") {
        "the kernel lacks a module: iptable_nat, iptable_filter, xt_REDIRECT, xt_owner, xt_conntrack or ipt_REJECT"
    } else {
        "run it by hand in the pod's network to see more"
    };
    Failure::new(format!("{}-restore failed: {why}", kind.name()), hint)
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(FALLBACK.iter().map(PathBuf::from))
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn can_be_written(file: &str) -> bool {
    std::fs::OpenOptions::new().append(true).create(true).open(file).is_ok()
}

/// Whether an interface has an address of IPv6. Not to know counts as yes.
fn has_ipv6(inside: Option<&Namespace>) -> bool {
    let read = || match std::fs::read_to_string(IPV6_ADDRESSES) {
        Ok(addresses) => !addresses.trim().is_empty(),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    inside.map_or_else(|| Ok(read()), |namespace| namespace.visit(read)).unwrap_or(true)
}
