//! The workload's own directory: what its proxy and its program read.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, symlink,
};
use std::path::{Path, PathBuf};

use crate::PROXY_UID;
use crate::failure::{Failure, say};
use crate::spec::Token;

/// Permission of others to go through a directory.
const OTHERS_SEARCH: u32 = 0o001;

/// The directory; root's own, so that neither proxy nor program can change what is read from it.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadDir {
    path: PathBuf,
}

impl WorkloadDir {
    /// Prepares the directory for a proxy that runs as its own user.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        let dir = Self { path: path.to_owned() };
        let made = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o755).create(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o711))?;
            let identity = dir.identity();
            DirBuilder::new().recursive(true).mode(0o700).create(&identity)?;
            chown(&identity, Some(PROXY_UID), Some(PROXY_UID))
        };
        made().map_err(|e| {
            let what = format!("cannot prepare the directory {}: {e}", path.display());
            Failure::new(what, "is its file system full or read-only?")
        })?;
        if let Some(closed) = path.ancestors().find(|a| a.metadata().is_ok_and(|m| m.mode() & OTHERS_SEARCH == 0)) {
            return Err(Failure::new(
                format!("the proxy (uid {PROXY_UID}) cannot pass through {}", closed.display()),
                format!("chmod o+x {}", closed.display()),
            ));
        }
        Ok(dir)
    }

    /// Where the proxy keeps, or finds, key and certificate request.
    pub(crate) fn identity(&self) -> PathBuf {
        self.path.join("identity")
    }

    pub(crate) fn token(&self) -> PathBuf {
        self.identity().join("token")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("proxy.log")
    }

    /// Replaces the token; a reader sees the old one or the new one, whole.
    pub(crate) fn write_token(&self, token: &Token) -> io::Result<()> {
        self.replace(&self.token(), token.0.as_bytes(), 0o600, PROXY_UID)
    }

    /// Writes a secret for the proxy into its identity directory.
    pub(crate) fn write_identity(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.replace(&self.identity().join(name), bytes, 0o600, PROXY_UID)
    }

    /// Writes a file that the program may read.
    pub(crate) fn write_public(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        self.replace(&path, text.as_bytes(), 0o644, 0)?;
        Ok(path)
    }

    /// A link to the running binary, which works whatever directory that is in and whoever may enter it. In lists of
    /// processes the proxy has the link's name.
    pub(crate) fn link_own_binary(&self) -> io::Result<PathBuf> {
        let path = self.path.join("hauberk-proxy");
        match symlink("/proc/self/exe", &path) {
            Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
            _ => Ok(path),
        }
    }

    /// An empty directory.
    pub(crate) fn empty(&self) -> io::Result<PathBuf> {
        let path = self.path.join("empty");
        DirBuilder::new().recursive(true).mode(0o755).create(&path)?;
        Ok(path)
    }

    /// Removes the directory with everything in it, if it is there.
    pub(crate) fn remove(path: &Path) {
        match fs::remove_dir_all(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => say(&format!("cannot remove {}: {e}", path.display())),
            _ => {}
        }
    }

    /// A new file takes the place of an old one in one step. It is written in this directory, which is root's.
    fn replace(&self, path: &Path, bytes: &[u8], mode: u32, owner: u32) -> io::Result<()> {
        let draft = self.path.join("draft");
        match fs::remove_file(&draft) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(bytes)?;
        file.set_permissions(fs::Permissions::from_mode(mode))?; // whatever the umask is
        chown(&draft, Some(owner), Some(owner))?;
        fs::rename(&draft, path)
    }
}
