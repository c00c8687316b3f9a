//! Names of workloads as certificates carry them.

use std::fmt;
use std::sync::Arc;

/// The identity of a workload: the first subject alternative name of its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    /// `SA.NS.serviceaccount.identity.MESHNS.DOMAIN`, lower case, without a trailing dot.
    Dns(Arc<str>),
    /// A SPIFFE ID, `spiffe://DOMAIN/ns/NS/sa/SA`.
    Uri(Arc<str>),
}

impl Id {
    /// The name as it stands in headers and metric labels.
    pub fn as_str(&self) -> &str {
        match self {
            Id::Dns(name) | Id::Uri(name) => name,
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How to reach a peer by mutual TLS: the identity it must prove, and the name sent as SNI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TlsTarget {
    /// The identity that the peer's certificate must carry, exactly.
    pub id: Id,
    /// Sent as server name indication; a DNS name.
    pub server_name: Arc<str>,
}

/// What is known of the peer of an accepted connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientTls {
    /// No TLS that this proxy terminated.
    Plain,
    /// Mutual TLS without a client certificate.
    Anonymous,
    /// Mutual TLS; the client's identity, and all its other names (the SPIFFE ID beside the DNS name).
    Identified {
        /// The first name of the certificate.
        id: Id,
        /// Further names; policy matches any of them.
        also: Arc<[Id]>,
    },
}
