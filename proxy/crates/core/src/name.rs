//! Names of services with their ports, and suffixes that tell which names are meant.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// RFC 1035, as text without the final dot.
const NAME_MAX: usize = 253;

/// `name:port`, the key by which a destination is discovered that has a name instead of an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    name: Arc<str>,
    port: u16,
}

/// Suffixes of DNS names; `.` is every name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suffixes(Arc<[Arc<str>]>);

impl NameAddr {
    /// A DNS name, with or without its final dot, and a port other than 0; addresses are no names.
    pub fn new(name: &str, port: u16) -> Option<Self> {
        let name = dns(name)?;
        (port != 0).then_some(Self { name, port })
    }

    /// Reads `name:port`, or `name` with the port `default`.
    pub fn parse(text: &str, default: u16) -> Option<Self> {
        match text.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => Self::new(name, port.parse().ok()?),
            Some(_) => None,
            None => Self::new(text, default),
        }
    }

    /// In lower case, without a final dot.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// At least 1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.port)
    }
}

impl Suffixes {
    /// Reads a list with commas, such as `svc.cluster.local.,example.com.`; `None` where one is no DNS name.
    pub fn parse(text: &str) -> Option<Self> {
        let all = text.split(',').map(str::trim).filter(|suffix| !suffix.is_empty());
        let suffix = |suffix: &str| if suffix == "." { Some(Arc::from("")) } else { dns(suffix) };
        Some(Self(all.map(suffix).collect::<Option<_>>()?))
    }

    /// Whether a name ends with one of the suffixes, label by label.
    pub fn contain(&self, name: &NameAddr) -> bool {
        self.0.iter().any(|suffix| {
            suffix.is_empty()
                || name.name.strip_suffix(&**suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    /// Whether no name is meant.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A DNS name in lower case, without its final dot. Underscores occur in real names.
fn dns(text: &str) -> Option<Arc<str>> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let valid = name.len() <= NAME_MAX && name.split('.').all(label) && name.parse::<Ipv4Addr>().is_err();
    valid.then(|| name.to_ascii_lowercase().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        let web = NameAddr::new("Web.Default.svc.cluster.local.", 80).unwrap();
        assert_eq!(web.to_string(), "web.default.svc.cluster.local:80");
        assert_eq!(NameAddr::parse("web.default.svc.cluster.local", 80), Some(web.clone()));
        assert_eq!(NameAddr::parse("web.default.svc.cluster.local.:80", 1), Some(web));
        for wrong in
            ["", ":80", "a..b:80", "10.0.0.1:80", "[::1]:80", "::1", "a:0", "a:65536", "a:+80", "a b:80", "a/b"]
        {
            assert_eq!(NameAddr::parse(wrong, 80), None, "{wrong}");
        }
    }

    #[test]
    fn suffixes_end_at_a_dot() {
        let name = |text| NameAddr::parse(text, 80).unwrap();
        let suffixes = Suffixes::parse("svc.cluster.local., example.com").unwrap();
        assert!(suffixes.contain(&name("web.default.svc.cluster.local")) && suffixes.contain(&name("example.com")));
        assert!(!suffixes.contain(&name("otherexample.com")) && !suffixes.contain(&name("com")));
        assert!(Suffixes::parse(".").unwrap().contain(&name("anything")));
        assert!(Suffixes::parse("").unwrap().is_empty() && !Suffixes::default().contain(&name("a")));
        assert_eq!(Suffixes::parse("a..b"), None);
    }
}
