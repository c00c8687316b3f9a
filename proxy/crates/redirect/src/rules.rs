//! What becomes of each packet, as data.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hauberk_core::probe::PROBES;

use crate::ports::Ports;
use crate::subnets::{Subnet, Subnets};

/// Who the proxy is, and what does not go through it. The defaults are Linkerd's, and nothing is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The user that the proxy runs as, whose own connections go where they want.
    pub proxy_uid: u32,
    /// Where the proxy listens for connections to the workload.
    pub inbound_port: u16,
    /// Where the proxy listens for those of the workload.
    pub outbound_port: u16,
    /// Ports on which the workload is reached directly.
    pub skip_inbound: Ports,
    /// Ports that the workload reaches directly.
    pub skip_outbound: Ports,
    /// Networks that the workload reaches, and is reached from, directly.
    pub skip_subnets: Subnets,
    /// Whether a DNS server on loopback answers whatever server the workload asks.
    pub local_dns: bool,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            proxy_uid: 2102,
            inbound_port: 4143,
            outbound_port: 4140,
            skip_inbound: Ports::default(),
            skip_outbound: Ports::default(),
            skip_subnets: Subnets::default(),
            local_dns: false,
        }
    }
}

/// Rules for packets at one point of their way, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) hook: Hook,
    pub(crate) rules: Vec<Rule>,
}

/// A point on the way of packets, and what is done there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// The destination of new connections that arrive.
    Inbound,
    /// The destination of new connections that begin here.
    Outbound,
    /// Whether a packet leaves at all.
    Egress,
}

/// What becomes of the packets that match everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) matches: Vec<Match>,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// It arrived by the loopback interface.
    FromLoopback,
    /// It is about to leave by it; in the hooks of this crate, that was known before the redirect.
    ToLoopback,
    Tcp,
    NotTcp,
    Udp,
    /// Ports of TCP or UDP, ends included; comes after one of these two.
    ToPorts(u16, u16),
    FromPorts(u16, u16),
    To(Subnet),
    From(Subnet),
    /// It is of an open socket of this user.
    Of(u32),
    /// It is of an open socket.
    OfSomebody,
    /// It goes the other way than the first one of its connection.
    Reply,
    /// Its connection is tracked.
    OfConnection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The packet goes on; the chain's other rules do not see it.
    Pass,
    /// The connection goes to this port of this machine instead.
    Redirect(u16),
    /// The connection is refused, and it is counted.
    Reset,
    /// The packet is dropped, and it is counted.
    Drop,
}

const DNS: u16 = 53;

impl Redirect {
    /// The chains, the one that refuses first: if a later one cannot be made, nothing gets around the proxy.
    ///
    /// `egress` is the guarantee behind the others: TCP that leaves by another way than through the proxy is reset. Its
    /// order matters:
    ///
    /// - what stays on the machine is none of its business. The interface is that from before the redirect, so what was
    ///   just redirected is recognised by its new destination;
    /// - the proxy itself may do everything; on skipped ports and with skipped networks the program answers (and calls)
    ///   by itself;
    /// - packets of an open socket that are left are refused;
    /// - packets without a socket (a reset for a closed port, the last ones of a closed connection) belong to the
    ///   kernel. Those of a connection that it tracks may pass: a program's own connections all go to loopback.
    pub(crate) fn chains(&self) -> [Chain; 3] {
        [
            Chain { hook: Hook::Egress, rules: self.egress() },
            Chain { hook: Hook::Inbound, rules: self.inbound() },
            Chain { hook: Hook::Outbound, rules: self.outbound() },
        ]
    }

    fn inbound(&self) -> Vec<Rule> {
        let mut rules = vec![pass([Match::FromLoopback])];
        rules.extend(self.skip_inbound.ranges().iter().map(|&(a, b)| pass([Match::Tcp, Match::ToPorts(a, b)])));
        rules.extend(self.skip_subnets.iter().map(|subnet| pass([Match::From(subnet)])));
        rules.push(rule([Match::Tcp], Verdict::Redirect(self.inbound_port)));
        rules
    }

    fn outbound(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = self.probes().collect();
        rules.extend([pass([Match::Of(self.proxy_uid)]), pass([Match::ToLoopback])]);
        if self.local_dns {
            for protocol in [Match::Tcp, Match::Udp] {
                rules.push(rule([protocol, Match::ToPorts(DNS, DNS)], Verdict::Redirect(DNS)));
            }
        }
        rules.extend(self.directly());
        // A link-local address reaches nothing on loopback, so a connection from one would hang: it is refused instead.
        rules.extend(link_local().map(|subnet| pass([Match::To(subnet)])));
        rules.push(rule([Match::Tcp], Verdict::Redirect(self.outbound_port)));
        rules
    }

    /// By these connections the proxy itself sees whether the rules are there.
    fn probes(&self) -> impl Iterator<Item = Rule> {
        let to = |to: SocketAddr| [Match::To(Subnet::of(to.ip())), Match::Tcp, Match::ToPorts(to.port(), to.port())];
        PROBES.into_iter().map(move |probe| rule(to(probe), Verdict::Redirect(self.outbound_port)))
    }

    fn egress(&self) -> Vec<Rule> {
        let mut rules = vec![pass([Match::NotTcp]), pass([Match::ToLoopback])];
        rules.extend(loopback().map(|subnet| pass([Match::To(subnet)])));
        rules.push(pass([Match::Of(self.proxy_uid)]));
        let answers = |&(a, b): &(u16, u16)| pass([Match::Tcp, Match::FromPorts(a, b), Match::Reply]);
        rules.extend(self.skip_inbound.ranges().iter().map(answers));
        rules.extend(self.directly());
        rules.push(rule([Match::Tcp, Match::OfSomebody], Verdict::Reset));
        rules.push(pass([Match::OfConnection]));
        rules.push(rule([], Verdict::Drop));
        rules
    }

    /// What the workload reaches directly.
    fn directly(&self) -> impl Iterator<Item = Rule> {
        let ports = self.skip_outbound.ranges().iter().map(|&(a, b)| pass([Match::Tcp, Match::ToPorts(a, b)]));
        ports.chain(self.skip_subnets.iter().map(|subnet| pass([Match::To(subnet)])))
    }
}

impl Hook {
    /// All of them, in the order of `Redirect::chains`.
    pub(crate) const ALL: [Self; 3] = [Self::Egress, Self::Inbound, Self::Outbound];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Egress => "egress",
        }
    }
}

impl Rule {
    /// Whether a packet of IPv4, or else of IPv6, can match at all.
    pub(crate) fn concerns(&self, ipv4: bool) -> bool {
        self.matches.iter().all(|of| match of {
            Match::To(subnet) | Match::From(subnet) => subnet.is_ipv4() == ipv4,
            _ => true,
        })
    }
}

fn rule<const N: usize>(matches: [Match; N], verdict: Verdict) -> Rule {
    Rule { matches: matches.to_vec(), verdict }
}

fn pass<const N: usize>(matches: [Match; N]) -> Rule {
    rule(matches, Verdict::Pass)
}

fn loopback() -> impl Iterator<Item = Subnet> {
    [Subnet::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8), Subnet::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 128)]
        .into_iter()
        .flatten()
}

fn link_local() -> impl Iterator<Item = Subnet> {
    Subnet::new(IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10).into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(redirect: &Redirect, hook: Hook) -> Vec<Rule> {
        redirect.chains().into_iter().find(|chain| chain.hook == hook).map(|chain| chain.rules).unwrap()
    }

    fn place(rules: &[Rule], wanted: &Rule) -> usize {
        rules.iter().position(|rule| rule == wanted).unwrap_or_else(|| panic!("{wanted:?} is missing in {rules:?}"))
    }

    fn skipping() -> Redirect {
        let (skip_inbound, skip_outbound) = ("4190".parse().unwrap(), "25,53".parse().unwrap());
        let skip_subnets = "192.0.2.0/24,fd00::/8".parse().unwrap();
        Redirect { skip_inbound, skip_outbound, skip_subnets, local_dns: true, ..Redirect::default() }
    }

    #[test]
    fn what_is_skipped_is_exempt_before_anything_is_redirected() {
        let inbound = chain(&skipping(), Hook::Inbound);
        let redirected = place(&inbound, &rule([Match::Tcp], Verdict::Redirect(4143)));
        let subnet = "fd00::/8".parse().unwrap();
        for exempt in [pass([Match::Tcp, Match::ToPorts(4190, 4190)]), pass([Match::From(subnet)])] {
            assert!(place(&inbound, &exempt) < redirected);
        }
        let outbound = chain(&skipping(), Hook::Outbound);
        let redirected = place(&outbound, &rule([Match::Tcp], Verdict::Redirect(4140)));
        for exempt in [pass([Match::Of(2102)]), pass([Match::Tcp, Match::ToPorts(25, 25)]), pass([Match::To(subnet)])] {
            assert!(place(&outbound, &exempt) < redirected);
        }
    }

    #[test]
    fn probes_come_before_what_the_proxys_user_and_skipped_networks_are_exempt_from() {
        let outbound = chain(&skipping(), Hook::Outbound);
        for probe in ["192.0.2.1/32", "2001:db8::1/128"] {
            let matches = [Match::To(probe.parse().unwrap()), Match::Tcp, Match::ToPorts(20001, 20001)];
            let probed = place(&outbound, &rule(matches, Verdict::Redirect(4140)));
            assert!(probed < place(&outbound, &pass([Match::Of(2102)])), "{probe}");
        }
    }

    #[test]
    fn names_are_asked_locally_before_ports_are_skipped_and_only_where_a_server_is() {
        let locally = rule([Match::Udp, Match::ToPorts(DNS, DNS)], Verdict::Redirect(DNS));
        let outbound = chain(&skipping(), Hook::Outbound);
        assert!(place(&outbound, &locally) < place(&outbound, &pass([Match::Tcp, Match::ToPorts(DNS, DNS)])));
        assert!(!chain(&Redirect::default(), Hook::Outbound).contains(&locally));
    }

    #[test]
    fn an_open_socket_of_another_user_is_refused_before_the_kernel_may_finish_connections() {
        let egress = chain(&Redirect::default(), Hook::Egress);
        let refused = place(&egress, &rule([Match::Tcp, Match::OfSomebody], Verdict::Reset));
        assert!(place(&egress, &pass([Match::Of(2102)])) < refused);
        assert!(refused < place(&egress, &pass([Match::OfConnection])));
        assert_eq!(egress.last(), Some(&rule([], Verdict::Drop)));
    }

    #[test]
    fn the_proxys_user_and_ports_are_as_told() {
        let told = Redirect { proxy_uid: 7, inbound_port: 1, outbound_port: 2, ..Redirect::default() };
        assert!(chain(&told, Hook::Inbound).contains(&rule([Match::Tcp], Verdict::Redirect(1))));
        assert!(chain(&told, Hook::Outbound).contains(&rule([Match::Tcp], Verdict::Redirect(2))));
        assert!(chain(&told, Hook::Egress).contains(&pass([Match::Of(7)])));
    }
}
