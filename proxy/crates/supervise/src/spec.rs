//! What is to be supervised: the file that `hauberk run` writes (ARCHITECTURE.md has the contract).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Deserializer};

use crate::PROXY_UID;
use crate::failure::Failure;

/// A spec is a few kilobytes; the trust anchors are the largest part.
const SIZE_MAX: u64 = 1024 * 1024;

/// The whole spec.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Spec {
    /// The control plane's answer.
    pub(crate) enrollment: Enrollment,
    /// Where the resource API listens.
    pub(crate) api_socket: PathBuf,
    /// The workload's own directory; removed at the end.
    pub(crate) workload_dir: PathBuf,
    /// Another implementation of the proxy; `None` is the running binary itself.
    pub(crate) proxy_binary: Option<PathBuf>,
    /// What runs.
    pub(crate) program: Program,
    /// How to tell that it serves; `None`: it is ready once started.
    pub(crate) readiness: Option<Readiness>,
    /// Ports on which the program is reached without its proxy.
    pub(crate) skip_inbound_ports: Vec<u16>,
    /// Ports that the program reaches without its proxy.
    pub(crate) skip_outbound_ports: Vec<u16>,
    /// How long the proxy may take to become ready.
    #[serde(default = "proxy_ready_seconds")]
    pub(crate) proxy_ready_timeout_seconds: u16,
}

/// The answer to the enrollment. Fields of a newer control plane are ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Enrollment {
    /// Where the workload is registered.
    pub(crate) metadata: Metadata,
    /// What was asked for.
    pub(crate) spec: EnrollmentSpec,
    /// What was given.
    pub(crate) status: EnrollmentStatus,
}

/// The part of the object's metadata that is needed.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// The Kubernetes namespace.
    pub(crate) namespace: String,
}

/// The part of the request that is needed again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnrollmentSpec {
    /// As which ServiceAccount the workload runs.
    pub(crate) service_account_name: String,
}

/// Everything that the control plane decided.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnrollmentStatus {
    /// The Pod's name.
    pub(crate) pod_name: String,
    /// The Pod's uid; a later Pod of the same name has another one.
    #[serde(rename = "podUID")]
    pub(crate) pod_uid: String,
    /// The workload's address.
    #[serde(rename = "podIP")]
    pub(crate) pod_ip: Ipv4Addr,
    /// Length of the workload network's prefix.
    pub(crate) prefix_length: u8,
    /// The host's address in the workload network.
    pub(crate) gateway: Ipv4Addr,
    /// The bridge that holds it.
    pub(crate) bridge: String,
    /// The identity in the mesh, a DNS name.
    pub(crate) identity: String,
    /// Proves the identity to the authority.
    pub(crate) token: Token,
    /// When the token ends.
    #[serde(deserialize_with = "rfc3339")]
    pub(crate) token_expiration_timestamp: SystemTime,
    /// The workload counts as gone when it was silent for so long.
    pub(crate) lease_duration_seconds: u16,
    /// Where short names are looked for.
    pub(crate) search_domains: Vec<String>,
    /// The domain that this machine's names are in.
    pub(crate) cluster_domain: String,
    /// The proxy's environment but for what only this process knows.
    pub(crate) environment: BTreeMap<String, String>,
}

/// A secret: not shown by `Debug`.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub(crate) struct Token(pub(crate) String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// What runs, and as whom.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    /// The program and its arguments.
    pub(crate) argv: Vec<String>,
    /// Added to the environment that this process has.
    pub(crate) env: BTreeMap<String, String>,
    /// Where it starts.
    pub(crate) workdir: PathBuf,
    /// User.
    pub(crate) uid: u32,
    /// Group.
    pub(crate) gid: u32,
    /// Supplementary groups.
    pub(crate) groups: Vec<u32>,
    /// The user's name.
    pub(crate) user: String,
    /// The user's home directory.
    pub(crate) home: String,
}

/// How to tell that the program serves.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Readiness {
    /// It accepts connections.
    Tcp {
        /// On this port.
        port: u16,
    },
    /// It answers GET with a status from 200 to 399.
    Http {
        /// On this port.
        port: u16,
        /// For this path.
        path: String,
    },
}

impl Spec {
    /// Reads the file and removes it: it holds a token.
    pub(crate) fn take(path: &Path) -> Result<Self, Failure> {
        let unusable = |why: String| {
            Failure::new(format!("cannot use the spec {}: {why}", path.display()), "start workloads with `hauberk run`")
        };
        let mut text = Vec::new();
        File::open(path)
            .and_then(|file| file.take(SIZE_MAX + 1).read_to_end(&mut text))
            .map_err(|e| unusable(e.to_string()))?;
        std::fs::remove_file(path).map_err(|e| unusable(format!("it cannot be removed: {e}")))?;
        if text.len() as u64 > SIZE_MAX {
            return Err(unusable(format!("it is larger than {SIZE_MAX} bytes")));
        }
        let spec: Self = serde_json::from_slice(&text).map_err(|e| unusable(e.to_string()))?;
        spec.check().map_err(|why| unusable(why.to_owned()))?;
        Ok(spec)
    }

    /// What the types do not say already.
    fn check(&self) -> Result<(), &'static str> {
        let status = &self.enrollment.status;
        let names = [&status.pod_name, &self.enrollment.metadata.namespace, &self.enrollment.spec.service_account_name];
        if !names.into_iter().all(|name| is_dns_name(name)) {
            return Err("the names of Pod, namespace and ServiceAccount have to be DNS names");
        }
        if !is_interface_name(&status.bridge) {
            return Err("enrollment.status.bridge is no interface name");
        }
        if !(1..=30).contains(&status.prefix_length) {
            return Err("enrollment.status.prefixLength is not from 1 to 30");
        }
        if !is_dns_name(&status.cluster_domain) || !status.search_domains.iter().all(|domain| is_dns_name(domain)) {
            return Err("clusterDomain and searchDomains have to be DNS names");
        }
        if !self.workload_dir.is_absolute() || !self.api_socket.is_absolute() {
            return Err("workloadDir and apiSocket have to be absolute paths");
        }
        Ok(())
    }
}

impl Program {
    /// Whether a program may run like this at all.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        if self.argv.first().is_none_or(String::is_empty) {
            return Err(Failure::new("the spec names no program", "give one after `--`"));
        }
        if self.uid == PROXY_UID || self.gid == PROXY_UID || self.groups.contains(&PROXY_UID) {
            return Err(Failure::new(
                format!("a program may not run as uid or gid {PROXY_UID}: its proxy's traffic is told apart by that"),
                "choose another user with --user",
            ));
        }
        if !self.workdir.is_dir() {
            return Err(Failure::new(
                format!("the working directory {} is no directory", self.workdir.display()),
                "choose another one with --workdir",
            ));
        }
        Ok(())
    }
}

fn proxy_ready_seconds() -> u16 {
    30
}

fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_rfc3339(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no time (RFC 3339)")))
}

/// A point in time as Kubernetes writes it.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let time = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    Some(time.into())
}

/// RFC 1123 labels with dots between them; also what makes a name safe in a path.
fn is_dns_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The kernel's limit is IFNAMSIZ, 16 with the closing NUL.
fn is_interface_name(name: &str) -> bool {
    (1..=15).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn kubernetes_times_are_read_with_and_without_fractions_and_offsets() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_510_800);
        for text in ["2026-11-24T09:00:00Z", "2026-11-24T09:00:00.000000+00:00", "2026-11-24T10:00:00+01:00"] {
            assert_eq!(parse_rfc3339(text), Some(expected), "{text}");
        }
        assert_eq!(parse_rfc3339("tomorrow"), None);
    }

    #[test]
    fn names_that_could_leave_their_path_are_no_names() {
        for name in ["web", "web-x7k2p", "10.example.com"] {
            assert!(is_dns_name(name), "{name}");
        }
        for name in ["", "..", "a/b", "Web", "-web", "a..b", "web?x=y"] {
            assert!(!is_dns_name(name), "{name}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", Token("secret".to_owned())), "Token");
    }
}
