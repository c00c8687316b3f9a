//! Where the API server is and who asks it, in a file. It is written and read by this crate alone, as JSON, which `kubectl
//! --kubeconfig` takes as well.

use std::path::Path;

use serde_json::{Value, json};

use crate::failure::{Code, Failure};
use crate::files;

/// More than such a file has.
const FILE_MAX: u64 = 1024 * 1024;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kubeconfig {
    /// `https://HOST:PORT`.
    pub(crate) server: String,
    /// The file with the certificates that the server's must lead to, as PEM.
    pub(crate) authority: String,
    pub(crate) token: String,
}

impl Kubeconfig {
    pub(crate) fn as_json(&self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "cluster", "cluster": {"server": self.server, "certificate-authority": self.authority}},
            ],
            "users": [{"name": "hauberk-cni", "user": {"token": self.token}}],
            "contexts": [{"name": "hauberk-cni", "context": {"cluster": "cluster", "user": "hauberk-cni"}}],
            "current-context": "hauberk-cni",
        })
    }

    pub(crate) fn read(file: &str) -> Result<Self, Failure> {
        let wrong = |why: String| {
            let what = format!("the file {file}, which says how to ask the API server, cannot be used: {why}");
            Failure::new(Code::TryAgain, what, "the pod of the DaemonSet linkerd-cni on this node writes it")
        };
        let text = files::read(Path::new(file), FILE_MAX).map_err(|error| wrong(error.to_string()))?;
        let read: Value = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        let cluster = &read["clusters"][0]["cluster"];
        let word = |value: &Value, name: &str| match value.as_str() {
            Some(word) if !word.is_empty() => Ok(word.to_owned()),
            _ => Err(wrong(format!("{name} is missing"))),
        };
        Ok(Self {
            server: word(&cluster["server"], "server")?,
            authority: word(&cluster["certificate-authority"], "certificate-authority")?,
            token: word(&read["users"][0]["user"]["token"], "token")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let file = std::env::temp_dir().join(format!("hauberk-kubeconfig-{}", std::process::id()));
        let file = file.to_str().unwrap();
        let text = |word: &str| word.to_owned();
        let written =
            Kubeconfig { server: text("https://[fd00::1]:443"), authority: text("/ca.crt"), token: text("t") };
        std::fs::write(file, written.as_json().to_string()).unwrap();
        assert_eq!(Kubeconfig::read(file), Ok(written));
        for wrong in ["", "{}", r#"{"clusters": [{"cluster": {"server": "https://a"}}]}"#] {
            std::fs::write(file, wrong).unwrap();
            assert_eq!(Kubeconfig::read(file).unwrap_err().code, Code::TryAgain, "{wrong}");
        }
        std::fs::remove_file(file).unwrap();
        assert!(Kubeconfig::read(file).unwrap_err().what.contains(file));
    }
}
