//! The rules by which the kernel sends a workload's TCP through its proxy (nft(8)).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::PROXY_UID;

/// Where the proxy listens for connections to the workload and for those of the workload.
const INBOUND_PORT: u16 = 4143;
const OUTBOUND_PORT: u16 = 4140;

/// What differs between workloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redirect {
    /// Ports on which the workload is reached directly.
    pub skip_inbound: BTreeSet<u16>,
    /// Ports that the workload reaches directly.
    pub skip_outbound: BTreeSet<u16>,
    /// Whether a DNS server on loopback answers whatever server the workload asks.
    pub local_dns: bool,
}

impl Redirect {
    /// The rules as one transaction for `nft -f -`, which replaces what an earlier one made.
    ///
    /// `inbound` and `outbound` redirect. `link_local` refuses what cannot be: a connection from a link-local IPv6
    /// address reaches nothing on loopback, so it would hang. `egress` is the guarantee behind them: TCP that leaves by another way than
    /// through the proxy is reset. Its order matters:
    ///
    /// - what stays on the machine is none of its business. `oifname` is the interface from before the redirect, so
    ///   what was just redirected is recognised by its new destination;
    /// - the proxy itself may do everything; on skipped ports the program answers (and calls) by itself;
    /// - `meta skuid` has a value only for packets of an open socket: all those that are left are refused;
    /// - packets without a socket (a reset for a closed port, the last ones of a closed connection) belong to the
    ///   kernel. Those of a connection that it tracks may pass: a program's own connections all go to loopback.
    pub fn rules(&self) -> String {
        let skip_inbound = set("skip_inbound", &self.skip_inbound);
        let skip_outbound = set("skip_outbound", &self.skip_outbound);
        let dns = if self.local_dns { "\n\t\tmeta l4proto { tcp, udp } th dport 53 redirect to :53" } else { "" };
        format!(
            "\
table inet hauberk
delete table inet hauberk
table inet hauberk {{
{skip_inbound}{skip_outbound}\tchain inbound {{
\t\ttype nat hook prerouting priority dstnat; policy accept;
\t\tiifname \"lo\" return
\t\ttcp dport @skip_inbound return
\t\tmeta l4proto tcp redirect to :{INBOUND_PORT}
\t}}
\tchain outbound {{
\t\ttype nat hook output priority -100; policy accept;
\t\tmeta skuid {PROXY_UID} return
\t\toifname \"lo\" return{dns}
\t\ttcp dport @skip_outbound return
\t\tmeta l4proto tcp redirect to :{OUTBOUND_PORT}
\t}}
\tchain link_local {{
\t\ttype filter hook output priority mangle; policy accept;
\t\toifname \"lo\" accept
\t\ttcp sport @skip_inbound ct direction reply accept
\t\ttcp dport @skip_outbound accept
\t\tip6 daddr fe80::/10 meta l4proto tcp meta skuid != {PROXY_UID} reject with tcp reset
\t}}
\tchain egress {{
\t\ttype filter hook output priority filter; policy accept;
\t\tmeta l4proto != tcp accept
\t\toifname \"lo\" accept
\t\tip daddr 127.0.0.0/8 accept
\t\tip6 daddr ::1 accept
\t\tmeta skuid {PROXY_UID} accept
\t\ttcp sport @skip_inbound ct direction reply accept
\t\ttcp dport @skip_outbound accept
\t\tmeta skuid >= 0 counter reject with tcp reset
\t\tct state established,related accept
\t\tcounter drop
\t}}
}}
"
        )
    }
}

/// A named set of ports, neighbours joined to ranges.
fn set(name: &str, ports: &BTreeSet<u16>) -> String {
    let mut elements = String::new();
    for (first, last) in ranges(ports) {
        let separator = if elements.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = match first == last {
            true => write!(elements, "{separator}{first}"),
            false => write!(elements, "{separator}{first}-{last}"),
        };
    }
    let elements = if elements.is_empty() { elements } else { format!("\t\telements = {{ {elements} }}\n") };
    format!("\tset {name} {{\n\t\ttype inet_service\n\t\tflags interval\n{elements}\t}}\n")
}

fn ranges(ports: &BTreeSet<u16>) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for port in ports.iter().copied() {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
            _ => ranges.push((port, port)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(skip_inbound: &[u16], skip_outbound: &[u16], local_dns: bool) -> String {
        Redirect {
            skip_inbound: skip_inbound.iter().copied().collect(),
            skip_outbound: skip_outbound.iter().copied().collect(),
            local_dns,
        }
        .rules()
    }

    fn place(rules: &str, rule: &str) -> usize {
        rules.find(rule).unwrap_or_else(|| panic!("{rule:?} is missing in\n{rules}"))
    }

    #[test]
    fn neighbouring_ports_become_ranges() {
        let rules = rules(&[4191, 4190, 25, 65535], &[], false);
        place(&rules, "elements = { 25, 4190-4191, 65535 }");
    }

    #[test]
    fn an_empty_set_has_no_elements() {
        assert!(!rules(&[], &[], false).contains("elements"));
    }

    #[test]
    fn the_proxy_and_skipped_ports_are_exempt_before_anything_is_redirected() {
        let rules = rules(&[4190], &[25], true);
        assert!(place(&rules, "meta skuid 2102 return") < place(&rules, "redirect to :4140"));
        assert!(place(&rules, "tcp dport @skip_outbound return") < place(&rules, "redirect to :4140"));
        assert!(place(&rules, "tcp dport @skip_inbound return") < place(&rules, "redirect to :4143"));
    }

    #[test]
    fn names_are_asked_locally_before_tcp_goes_to_the_proxy_and_only_where_a_server_is() {
        let with = rules(&[], &[53], true);
        assert!(place(&with, "th dport 53 redirect to :53") < place(&with, "tcp dport @skip_outbound return"));
        assert!(!rules(&[], &[], false).contains("dport 53"));
    }

    #[test]
    fn an_open_socket_of_another_user_is_refused_before_the_kernel_may_finish_connections() {
        let rules = rules(&[], &[], false);
        assert!(place(&rules, "meta skuid 2102 accept") < place(&rules, "meta skuid >= 0"));
        assert!(place(&rules, "meta skuid >= 0") < place(&rules, "ct state established"));
        assert!(place(&rules, "ct state established") < place(&rules, "counter drop"));
    }
}
