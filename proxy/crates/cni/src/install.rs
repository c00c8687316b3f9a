//! The plugin on a node: its program, what it needs to ask the API server, its entry in the network configuration.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::conflist;
use crate::failure::{Code, Failure};
use crate::files;
use crate::kubeconfig::Kubeconfig;
use crate::plugin::NAME;
use crate::settings::Settings;

/// What container runtimes take for a network configuration; the first by name is in force.
const CONFIGURATIONS: [&str; 3] = ["conf", "conflist", "json"];
/// What is added to the name of a single plugin's file when a list stands for it.
const BEFORE: &str = "hauberk-before";
const CONFIGURATION_MAX: u64 = 1024 * 1024;
const KUBECONFIG: &str = "hauberk-cni-kubeconfig";
const AUTHORITY: &str = "hauberk-cni-ca.crt";
const SECRET_MAX: u64 = 1024 * 1024;
const ONLY_ROOT: u32 = 0o600;
const EVERYBODY: u32 = 0o644;

/// A node's folders, seen by the names that they have on the node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where plugins are.
    pub(crate) programs: PathBuf,
    /// Where the network configuration is.
    pub(crate) configuration: PathBuf,
    /// Where Kubernetes puts who this program is to the API server.
    pub(crate) account: PathBuf,
    /// `https://HOST:PORT`.
    pub(crate) server: String,
    /// For the plugin's entry; without the name of its file.
    pub(crate) settings: Settings,
}

/// What a look at the node led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Everything was as it has to be.
    Kept,
    /// The entry was added to this file, or put right in it.
    Entered(PathBuf),
    /// The cluster's own plugin has not been set up yet.
    NoNetwork,
}

impl Node {
    /// Copies this program to where plugins are.
    pub(crate) fn put_program(&self) -> io::Result<()> {
        files::put_program(&self.programs.join(NAME), Path::new("/proc/self/exe"))
    }

    /// Puts right whatever is not as it has to be: tokens that were renewed, a configuration that somebody wrote anew.
    pub(crate) fn put_right(&self) -> Result<State, Failure> {
        if !self.programs.join(NAME).is_file() {
            self.put_program().map_err(|error| trouble(&self.programs.join(NAME), &error))?;
        }
        self.put_kubeconfig()?;
        let entry = conflist::entry(&Settings { kubeconfig: path(&self.kubeconfig()), ..self.settings.clone() });
        let Some(first) = self.first()? else { return Ok(State::NoNetwork) };
        let there = files::read(&first, CONFIGURATION_MAX).map_err(|error| trouble(&first, &error))?;
        if is_list(&first) && conflist::has(&there, &entry) {
            return Ok(State::Kept);
        }
        let list = conflist::with(&there, &entry).map_err(|failure| of_file(&first, failure))?;
        let at = if is_list(&first) { first.clone() } else { first.with_extension("conflist") };
        put_list(&at, &list)?;
        if at != first {
            let before = beside(&first);
            fs::rename(&first, &before).map_err(|error| trouble(&before, &error))?;
        }
        Ok(State::Entered(at))
    }

    /// Takes the entry and what it needs away. The program stays: a runtime may still call it for pods that it was called
    /// for before.
    pub(crate) fn remove(&self) -> Result<(), Failure> {
        for file in self.configurations()? {
            let there = files::read(&file, CONFIGURATION_MAX).map_err(|error| trouble(&file, &error))?;
            let Ok(without) = conflist::without(&there) else { continue };
            if is_list(&file) && serde_json::from_slice::<Value>(&there).is_ok_and(|there| there != without) {
                self.leave(&file, &without)?;
            }
        }
        for file in [self.kubeconfig(), self.authority()] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(trouble(&file, &error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether pods that start now are seen to.
    pub(crate) fn is_ready(&self) -> Result<(), Failure> {
        Kubeconfig::read(&path(&self.kubeconfig()))?;
        let not_yet = |what: String| Failure::new(Code::TryAgain, what, "");
        if !self.programs.join(NAME).is_file() {
            return Err(not_yet(format!("{} is missing", self.programs.join(NAME).display())));
        }
        let first = self.first()?.ok_or_else(|| not_yet("there is no network configuration yet".to_owned()))?;
        let there = files::read(&first, CONFIGURATION_MAX).map_err(|error| trouble(&first, &error))?;
        let list: Value = serde_json::from_slice(&there).unwrap_or_default();
        let last = list["plugins"].as_array().and_then(|plugins| plugins.last());
        match last {
            Some(last) if last["type"] == NAME => Ok(()),
            _ => Err(not_yet(format!("{} does not end with {NAME}", first.display()))),
        }
    }

    /// As this program itself asks.
    pub(crate) fn account(&self) -> Result<Kubeconfig, Failure> {
        let token_file = self.account.join("token");
        let token = files::read(&token_file, SECRET_MAX).map_err(|error| trouble(&token_file, &error))?;
        let token = String::from_utf8_lossy(&token).trim().to_owned();
        Ok(Kubeconfig { server: self.server.clone(), authority: path(&self.account.join("ca.crt")), token })
    }

    fn put_kubeconfig(&self) -> Result<(), Failure> {
        let given = self.account.join("ca.crt");
        let authority = files::read(&given, SECRET_MAX).map_err(|error| trouble(&given, &error))?;
        files::put(&self.authority(), &authority, EVERYBODY).map_err(|error| trouble(&self.authority(), &error))?;
        let kubeconfig = Kubeconfig { authority: path(&self.authority()), ..self.account()? };
        files::put(&self.kubeconfig(), kubeconfig.as_json().to_string().as_bytes(), ONLY_ROOT)
            .map_err(|error| trouble(&self.kubeconfig(), &error))?;
        Ok(())
    }

    fn leave(&self, file: &Path, list: &Value) -> Result<(), Failure> {
        let before = beside(&file.with_extension("conf"));
        if before.is_file() {
            let single = file.with_extension("conf");
            fs::rename(&before, &single).map_err(|error| trouble(&single, &error))?;
            return fs::remove_file(file).map_err(|error| trouble(file, &error));
        }
        put_list(file, list)
    }

    /// The configuration in force.
    fn first(&self) -> Result<Option<PathBuf>, Failure> {
        Ok(self.configurations()?.into_iter().next())
    }

    fn configurations(&self) -> Result<Vec<PathBuf>, Failure> {
        let listed = fs::read_dir(&self.configuration).map_err(|error| trouble(&self.configuration, &error))?;
        let mut files: Vec<PathBuf> = listed
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension().and_then(OsStr::to_str).is_some_and(|it| CONFIGURATIONS.contains(&it)))
            .filter(|file| !file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")))
            .collect();
        files.sort();
        Ok(files)
    }

    fn kubeconfig(&self) -> PathBuf {
        self.configuration.join(KUBECONFIG)
    }

    fn authority(&self) -> PathBuf {
        self.configuration.join(AUTHORITY)
    }
}

fn put_list(file: &Path, list: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(list).unwrap_or_default(); // what was read as JSON is JSON
    files::put(file, text.as_bytes(), EVERYBODY).map(drop).map_err(|error| trouble(file, &error))
}

fn is_list(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "conflist")
}

fn beside(single: &Path) -> PathBuf {
    let mut name = single.as_os_str().to_owned();
    name.push(".");
    name.push(BEFORE);
    name.into()
}

fn path(of: &Path) -> String {
    of.to_string_lossy().into_owned()
}

fn trouble(file: &Path, error: &io::Error) -> Failure {
    let hint = "the folders of the node have to be mounted, and to be written to by root";
    Failure::new(Code::Files, format!("{}: {error}", file.display()), hint)
}

fn of_file(file: &Path, failure: Failure) -> Failure {
    Failure { what: format!("{}: {}", file.display(), failure.what), ..failure }
}

#[cfg(test)]
#[path = "install_tests.rs"]
mod tests;
