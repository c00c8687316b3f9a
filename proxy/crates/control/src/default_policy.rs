//! Who may connect to a port before the control plane has said so (Linkerd's default inbound policies).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use hauberk_core::inbound::{Authentication, Authorization, Cidr, Network, Protocol, ServerPolicy};
use hauberk_core::meta::Meta;

use crate::config::InboundDefaults;

/// A default policy, by the name that the environment and annotations use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultPolicy {
    /// Nobody.
    Deny,
    /// Members of the mesh, from anywhere.
    AllAuthenticated,
    /// Everybody.
    AllUnauthenticated,
    /// Members of the mesh in its own networks.
    ClusterAuthenticated,
    /// Everybody in the mesh's own networks.
    ClusterUnauthenticated,
    /// Everybody, noted.
    Audit,
}

impl DefaultPolicy {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            DefaultPolicy::Deny => "deny",
            DefaultPolicy::AllAuthenticated => "all-authenticated",
            DefaultPolicy::AllUnauthenticated => "all-unauthenticated",
            DefaultPolicy::ClusterAuthenticated => "cluster-authenticated",
            DefaultPolicy::ClusterUnauthenticated => "cluster-unauthenticated",
            DefaultPolicy::Audit => "audit",
        }
    }

    /// Whether it is about the mesh's own networks, which must be given then.
    pub fn needs_cluster_networks(self) -> bool {
        matches!(self, DefaultPolicy::ClusterAuthenticated | DefaultPolicy::ClusterUnauthenticated)
    }
}

impl FromStr for DefaultPolicy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        use DefaultPolicy::{
            AllAuthenticated, AllUnauthenticated, Audit, ClusterAuthenticated, ClusterUnauthenticated, Deny,
        };
        [Deny, AllAuthenticated, AllUnauthenticated, ClusterAuthenticated, ClusterUnauthenticated, Audit]
            .into_iter()
            .find(|policy| policy.as_str() == text)
            .ok_or(
                "deny, audit, all-authenticated, all-unauthenticated, cluster-authenticated or cluster-unauthenticated",
            )
    }
}

/// What holds for a port until the control plane answers.
pub(crate) fn policy(defaults: &InboundDefaults, port: u16) -> ServerPolicy {
    let detect = Protocol::Detect { timeout: defaults.detect_timeout, routes: Arc::default() };
    let protocol = if defaults.opaque_ports.contains(&port) { Protocol::Opaque } else { detect };
    with(defaults, defaults.policy, protocol)
}

/// Nobody: for ports that there is no room to ask about.
pub(crate) fn deny(defaults: &InboundDefaults) -> ServerPolicy {
    with(defaults, DefaultPolicy::Deny, Protocol::Opaque)
}

fn with(defaults: &InboundDefaults, policy: DefaultPolicy, protocol: Protocol) -> ServerPolicy {
    let meta = Arc::new(Meta::Default(policy.as_str().into()));
    let authentication = match policy {
        DefaultPolicy::AllAuthenticated | DefaultPolicy::ClusterAuthenticated => {
            Authentication::Tls { identities: Vec::new(), suffixes: vec![Vec::new()] }
        }
        _ => Authentication::Unauthenticated,
    };
    let everywhere = [(Ipv4Addr::UNSPECIFIED.into(), 0), (Ipv6Addr::UNSPECIFIED.into(), 0)];
    let nets: Vec<Cidr> = match policy {
        DefaultPolicy::Deny => Vec::new(),
        _ if policy.needs_cluster_networks() => defaults.cluster_networks.clone(),
        _ => everywhere.map(|(addr, prefix)| Cidr { addr, prefix }).to_vec(),
    };
    let networks: Vec<Network> = nets.into_iter().map(|net| Network { net, except: Vec::new() }).collect();
    let authorizations: Vec<Arc<Authorization>> = if networks.is_empty() {
        Vec::new()
    } else {
        vec![Arc::new(Authorization { meta: meta.clone(), networks, authentication })]
    };
    ServerPolicy { meta, protocol, authorizations: authorizations.into(), rate_limits: None, version: None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hauberk_core::authorize::{self, Verdict};
    use hauberk_core::identity::{ClientTls, Id};

    use super::*;

    fn allows(policy: &str, port: u16, ip: &str, tls: &ClientTls) -> bool {
        let defaults = InboundDefaults {
            policy: policy.parse().unwrap(),
            cluster_networks: vec![Cidr { addr: "10.0.0.0".parse().unwrap(), prefix: 8 }],
            opaque_ports: vec![25],
            detect_timeout: Duration::from_secs(10),
            ports: Vec::new(),
        };
        let policy = super::policy(&defaults, port);
        assert_eq!(matches!(policy.protocol, Protocol::Opaque), port == 25);
        matches!(authorize::connection(&policy, ip.parse().unwrap(), tls), Verdict::Allow(_))
    }

    #[test]
    fn each_default_lets_in_whom_its_name_says() {
        let member = ClientTls::Identified { id: Id::Dns("web.mesh".into()), also: [].into() };
        let (near, far) = ("10.1.2.3", "192.0.2.1");
        for (policy, near_member, near_plain, far_member, far_plain) in [
            ("deny", false, false, false, false),
            ("audit", true, true, true, true),
            ("all-authenticated", true, false, true, false),
            ("all-unauthenticated", true, true, true, true),
            ("cluster-authenticated", true, false, false, false),
            ("cluster-unauthenticated", true, true, false, false),
        ] {
            let seen = [(near, &member), (near, &ClientTls::Plain), (far, &member), (far, &ClientTls::Plain)]
                .map(|(ip, tls)| allows(policy, 80, ip, tls));
            assert_eq!(seen, [near_member, near_plain, far_member, far_plain], "{policy}");
            assert!(!allows(policy, 25, far, &ClientTls::Anonymous) || far_plain, "{policy}");
        }
        assert!("everyone".parse::<DefaultPolicy>().is_err());
    }
}
