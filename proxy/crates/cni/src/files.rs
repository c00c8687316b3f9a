//! Files that others read while they change: each is the old one or the new one, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// All of a file that is no larger than `max` bytes.
pub(crate) fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max { Err(io::Error::other("it is too large")) } else { Ok(bytes) }
}

/// Puts `content` at `path` with these rights, unless it is there.
pub(crate) fn put(path: &Path, content: &[u8], mode: u32) -> io::Result<bool> {
    if read(path, content.len() as u64).is_ok_and(|there| there == content) {
        return Ok(false);
    }
    replace(path, mode, |file| file.write_all(content)).map(|()| true)
}

/// Copies a program to `path`.
pub(crate) fn put_program(path: &Path, program: &Path) -> io::Result<()> {
    replace(path, 0o755, |file| io::copy(&mut File::open(program)?, file).map(drop))
}

fn replace(path: &Path, mode: u32, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let new = beside(path);
    let _ = fs::remove_file(&new); // of an earlier try that was cut short
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new)?;
        write(&mut file)?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// A name that no container runtime takes for a configuration or a plugin.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.hauberk-new"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_is_replaced_only_by_another_content() {
        let folder = std::env::temp_dir().join(format!("hauberk-files-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("a");
        assert!(put(&file, b"one", 0o600).unwrap());
        let first = fs::metadata(&file).unwrap();
        assert_eq!(first.permissions().mode() & 0o777, 0o600);
        assert!(!put(&file, b"one", 0o600).unwrap());
        assert_eq!(fs::metadata(&file).unwrap().ino(), first.ino());
        assert!(put(&file, b"on", 0o600).unwrap());
        assert_eq!(read(&file, 2).unwrap(), b"on");
        assert!(read(&file, 1).is_err());
        put_program(&folder.join("p"), &file).unwrap();
        assert_eq!(fs::metadata(folder.join("p")).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing else is left");
        fs::remove_dir_all(folder).unwrap();
    }
}
