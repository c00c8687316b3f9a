//! Where a service of the control plane is reached, and who it must prove to be.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use hauberk_core::identity::{Id, TlsTarget};

/// A service of the control plane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    address: Address,
    tls: Option<TlsTarget>,
}

/// Where a service is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A Unix socket, `unix:PATH`.
    Unix(PathBuf),
    /// `HOST:PORT`; a host may be a name, or an IP address.
    Tcp {
        /// Without brackets.
        host: String,
        /// At least 1.
        port: u16,
    },
}

/// Why a service cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// Neither form.
    #[error("{0:?} must be HOST:PORT or unix:PATH")]
    Address(String),
    /// Only this machine is reached without TLS.
    #[error("{0} is not on this machine: give the name that its certificate must carry")]
    NameMissing(Address),
    /// Not a name that a certificate can carry.
    #[error("{0:?} is not a DNS name")]
    Name(String),
}

impl Service {
    /// A service that must prove to be `name`, unless it is reached over a Unix socket or loopback: there neither TLS
    /// nor a name is used.
    pub fn new(address: Address, name: Option<&str>) -> Result<Self, ServiceError> {
        if address.is_local() {
            return Ok(Self { address, tls: None });
        }
        let Some(name) = name else { return Err(ServiceError::NameMissing(address)) };
        let name = crate::wire::net::dns_name(name).ok_or_else(|| ServiceError::Name(name.to_owned()))?;
        Ok(Self { address, tls: Some(TlsTarget { id: Id::Dns(name.clone()), server_name: name }) })
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Who it must prove to be; none where no TLS is used.
    pub(crate) fn tls(&self) -> Option<&TlsTarget> {
        self.tls.as_ref()
    }
}

impl Address {
    /// Whether it never leaves this machine.
    fn is_local(&self) -> bool {
        match self {
            Address::Unix(_) => true,
            Address::Tcp { host, .. } => match host.parse::<IpAddr>() {
                Ok(ip) => ip.to_canonical().is_loopback(),
                Err(_) => host.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
            },
        }
    }

    /// The authority of requests.
    pub(crate) fn authority(&self) -> String {
        match self {
            Address::Unix(_) => "localhost".to_owned(),
            tcp @ Address::Tcp { .. } => tcp.to_string(),
        }
    }
}

impl FromStr for Address {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let wrong = || ServiceError::Address(text.to_owned());
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(wrong()) } else { Ok(Address::Unix(path.into())) };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let usable = match bracketed {
            Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
            None => crate::wire::net::dns_name(host).is_some() || host.parse::<std::net::Ipv4Addr>().is_ok(),
        };
        if !usable {
            return Err(wrong());
        }
        Ok(Address::Tcp { host: bracketed.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_back_as_they_are_written() {
        for text in
            ["unix:/run/proxy.sock", "10.77.0.1:8086", "[::1]:8086", "linkerd-dst.linkerd.svc.cluster.local.:8086"]
        {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for wrong in ["", "unix:", "host", "host:0", "host:70000", "::1:80", "a b:80", ":80", "[::1:80"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for local in ["unix:/run/proxy.sock", "127.0.0.1:8086", "[::1]:8086", "localhost.:8086"] {
            assert_eq!(Service::new(local.parse().unwrap(), Some("cp.mesh")).unwrap().tls(), None, "{local}");
        }
        let far: Address = "10.77.0.1:8086".parse().unwrap();
        assert_eq!(Service::new(far.clone(), None), Err(ServiceError::NameMissing(far.clone())));
        let service = Service::new(far, Some("CP.mesh.")).unwrap();
        assert_eq!(service.tls().map(|tls| tls.id.as_str().to_owned()), Some("cp.mesh".to_owned()));
    }
}
