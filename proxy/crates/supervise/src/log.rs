//! The proxy's log: a file that cannot grow without end.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Two files of half a mebibyte: the current one and the one before.
const FILE_MAX: u64 = 512 * 1024;

/// Appends to `path`; when that is full it becomes `path.1`, in the place of an older one.
#[derive(Debug)]
pub(crate) struct BoundedLog {
    path: PathBuf,
    file: File,
    written: u64,
    max: u64,
}

impl BoundedLog {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::with_max(path, FILE_MAX)
    }

    fn with_max(path: &Path, max: u64) -> io::Result<Self> {
        let file = open(path)?;
        Ok(Self { path: path.to_owned(), written: file.metadata()?.len(), file, max })
    }

    /// Writes one piece, which is never larger than a file may be.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = bytes.len() as u64;
        if self.written + length > self.max {
            fs::rename(&self.path, older(&self.path))?;
            self.file = open(&self.path)?;
            self.written = 0;
        }
        self.file.write_all(bytes)?;
        self.written += length;
        Ok(())
    }
}

/// The last lines that were written, for an error's message.
pub(crate) fn last_lines(path: &Path, count: usize) -> Vec<String> {
    let bytes = fs::read(path).unwrap_or_default();
    let mut lines = VecDeque::with_capacity(count + 1);
    for line in String::from_utf8_lossy(&bytes).lines() {
        lines.push_back(line.to_owned());
        if lines.len() > count {
            lines.pop_front();
        }
    }
    lines.into()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_is_kept_once_and_the_sum_stays_bounded() {
        let dir = std::env::temp_dir().join(format!("hauberk-log-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("proxy.log");
        let mut log = BoundedLog::with_max(&path, 16).unwrap();
        for n in 0..9 {
            log.write(format!("line {n}\n").as_bytes()).unwrap();
        }
        assert_eq!(last_lines(&path, 5), ["line 8"]);
        assert_eq!(last_lines(&older(&path), 1), ["line 7"]);
        let sizes: u64 = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        fs::remove_dir_all(&dir).unwrap();
        assert!(sizes <= 32, "{sizes}");
    }
}
