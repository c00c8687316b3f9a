//! A supervisor under test and what belongs to it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hauberk_net::process;
use serde_json::Value;

use super::{Host, eventually, example, spec, text_of};

/// A supervisor that was started. Killed when it is dropped.
pub(crate) struct Workload {
    pub(crate) supervisor: Child,
    pub(crate) dir: PathBuf,
    output: PathBuf,
    errors: PathBuf,
}

/// How a supervisor ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Host {
    /// Runs `argv`, with the spec changed by `change`.
    pub(crate) fn run_with(&self, argv: &[&str], change: impl FnOnce(&mut Value)) -> Workload {
        let number = (0..).find(|n| !self.dir.join(format!("output-{n}")).exists()).unwrap();
        let mut spec = spec::spec(&self.dir, number, &self.standin(), argv);
        change(&mut spec);
        let file = self.dir.join(format!("spec-{number}.json"));
        fs::write(&file, spec.to_string()).unwrap();
        let (output, errors) = (self.dir.join(format!("output-{number}")), self.dir.join(format!("errors-{number}")));
        let supervisor = self
            .supervise(&file)
            .stdin(Stdio::null())
            .stdout(File::create(&output).unwrap())
            .stderr(File::create(&errors).unwrap())
            .spawn()
            .unwrap();
        Workload { supervisor, dir: spec["workloadDir"].as_str().unwrap().into(), output, errors }
    }

    /// Runs a script of the shell.
    pub(crate) fn run(&self, script: &str) -> Workload {
        self.run_with(&["/bin/bash", "-c", script], |_| {})
    }

    /// A supervisor that believes the file `host-resolv.conf` to be the machine's.
    fn supervise(&self, spec: &Path) -> Command {
        let resolv = self.dir.join("host-resolv.conf");
        if !resolv.exists() {
            fs::write(&resolv, "nameserver 127.0.0.1\n").unwrap();
        }
        let mut command = Command::new("unshare");
        let script = r#"mount --bind "$1" /etc/resolv.conf && exec "$2" supervise --spec "$3""#;
        command.args(["--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"]);
        command.arg(resolv).arg(example("standin")).arg(spec);
        command
    }

    /// Where the stand-in is, readable for the proxy's user.
    pub(crate) fn standin(&self) -> PathBuf {
        let path = self.dir.join("standin");
        if !path.exists() {
            fs::copy(example("standin"), &path).unwrap();
        }
        path
    }
}

impl Workload {
    /// What the program wrote so far, once that is something.
    pub(crate) fn output(&self) -> String {
        text_of(&self.output)
    }

    /// The pid that the program wrote as its first line.
    pub(crate) fn program(&self) -> u32 {
        eventually("the program's pid", || self.output().lines().next()?.trim().parse().ok())
    }

    /// The pid of the stand-in that is ready now.
    pub(crate) fn proxy(&self) -> u32 {
        text_of(&self.dir.join("identity/ready")).parse().unwrap()
    }

    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Sends the supervisor a signal.
    pub(crate) fn signal(&self, signal: i32) {
        process::kill(self.supervisor.id(), signal).unwrap();
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let status = eventually("the supervisor ends", || self.supervisor.try_wait().unwrap());
        let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
        Ended { code: status.code(), output: read(&self.output), errors: read(&self.errors) }
    }

    /// Runs a command inside the workload's namespace, as the machine's root.
    pub(crate) fn inside(&self, script: &str) -> String {
        super::sh(&format!("nsenter --target {} --net /bin/bash -c '{script}'", self.supervisor.id()))
    }
}

impl Drop for Workload {
    fn drop(&mut self) {
        let _ = self.supervisor.kill();
        let _ = self.supervisor.wait();
    }
}
