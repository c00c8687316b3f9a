//! The program: started as it would be without a mesh, but for its network and what it may do to it.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use hauberk_net::namespace::BindMount;
use hauberk_net::process::{CONTAINER_CAPABILITIES, FailedStep, Rights, SignalMask, Step};

use crate::children::{Children, Running};
use crate::dns::resolv;
use crate::failure::{Failure, say};
use crate::nsswitch;
use crate::spec::{EnrollmentStatus, Program};
use crate::workload_dir::WorkloadDir;

const RESOLV_CONF: &str = "/etc/resolv.conf";
const NSSWITCH_CONF: &str = "/etc/nsswitch.conf";
/// A name cache that answers for the whole host; the C library asks it first where its socket exists.
const NAME_CACHE: &str = "/run/nscd";

/// What the program sees in the place of the host's files, so that it asks for names inside its namespace.
pub(crate) fn mounts(status: &EnrollmentStatus, dir: &WorkloadDir) -> Result<Vec<BindMount>, Failure> {
    let failed = |e: io::Error| Failure::new(format!("cannot prepare the program's files: {e}"), "");
    let mut mounts = Vec::new();
    if Path::new(RESOLV_CONF).exists() {
        let text = resolv::render(&status.search_domains);
        let file = dir.write_public("resolv.conf", &text).map_err(failed)?;
        mounts.push(BindMount::new(&file, Path::new(RESOLV_CONF)).map_err(failed)?);
    } else {
        // Without the file the C library asks the same server, but only for whole names.
        say(&format!("short names are not found: there is no {RESOLV_CONF}; create an empty one"));
    }
    if let Ok(host) = std::fs::read_to_string(NSSWITCH_CONF) {
        let file = dir.write_public("nsswitch.conf", &nsswitch::with_dns_only(&host)).map_err(failed)?;
        mounts.push(BindMount::new(&file, Path::new(NSSWITCH_CONF)).map_err(failed)?);
    }
    if Path::new(NAME_CACHE).is_dir() {
        mounts.push(BindMount::new(&dir.empty().map_err(failed)?, Path::new(NAME_CACHE)).map_err(failed)?);
    }
    Ok(mounts)
}

/// Starts it. It has this process's standard streams, terminal and process group.
pub(crate) fn start(
    program: &Program,
    mounts: Vec<BindMount>,
    signal_mask: SignalMask,
    children: &Children,
) -> Result<Running, Failure> {
    let name = program.argv.first().map(String::as_str).unwrap_or_default();
    let mut command = Command::new(name);
    command
        .args(program.argv.iter().skip(1))
        .env("HOME", &program.home)
        .env("USER", &program.user)
        .env("LOGNAME", &program.user)
        .env("PWD", &program.workdir)
        .envs(&program.env);
    rights(program, mounts, signal_mask)?.limit(&mut command);
    children.spawn(&mut command).map_err(|e| explain(name, program, FailedStep::of(e)))
}

/// A root program keeps what a container's root keeps, so it can neither change the redirect nor leave the namespace.
/// Others keep nothing, and programs with the set-user-ID bit bring nothing back.
fn rights(program: &Program, mounts: Vec<BindMount>, signal_mask: SignalMask) -> Result<Rights, Failure> {
    let directory = CString::new(program.workdir.as_os_str().as_bytes()).map_err(|_| {
        Failure::new("the working directory's name holds a NUL byte", "choose another one with --workdir")
    })?;
    Ok(Rights {
        uid: program.uid,
        gid: program.gid,
        groups: program.groups.clone(),
        capabilities: if program.uid == 0 { CONTAINER_CAPABILITIES } else { 0 },
        no_new_privileges: false,
        own_session: false,
        directory,
        mounts,
        signal_mask,
    })
}

fn explain(name: &str, program: &Program, failed: FailedStep) -> Failure {
    let FailedStep { step, error } = failed;
    match step {
        None if error.kind() == io::ErrorKind::NotFound => {
            Failure::Program { code: 127, what: format!("the program {name} was not found") }
        }
        None => Failure::Program { code: 126, what: format!("the program {name} cannot be run: {error}") },
        Some(Step::Directory) => Failure::new(
            format!("{} may not enter the working directory {}: {error}", program.user, program.workdir.display()),
            "choose another one with --workdir",
        ),
        Some(step) => Failure::new(format!("the program's rights cannot be arranged ({step:?}): {error}"), ""),
    }
}
