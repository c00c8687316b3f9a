//! The rules as nft(8) reads them.

use std::fmt::Write as _;

use crate::rules::{Chain, Hook, Match, Redirect, Rule, Verdict};

impl Redirect {
    /// One transaction for `nft -f -`, which replaces what an earlier one made.
    pub fn as_nft(&self) -> String {
        let mut text = "table inet hauberk\ndelete table inet hauberk\ntable inet hauberk {\n".to_owned();
        for Chain { hook, rules } in self.chains() {
            let at = match hook {
                Hook::Inbound => "type nat hook prerouting priority dstnat",
                // By its number: some versions know the name in the other hook only.
                Hook::Outbound => "type nat hook output priority -100",
                Hook::Egress => "type filter hook output priority filter",
            };
            // Writing to a String cannot fail.
            let _ = write!(text, "\tchain {} {{\n\t\t{at}; policy accept;\n", hook.name());
            rules.iter().for_each(|rule| text.extend(["\t\t", &line(rule), "\n"]));
            text.push_str("\t}\n");
        }
        text.push_str("}\n");
        text
    }
}

fn line(rule: &Rule) -> String {
    let mut words = Vec::new();
    let mut matches = rule.matches.iter().peekable();
    while let Some(one) = matches.next() {
        // Where ports follow, they imply the protocol.
        let with_ports = matches.peek().is_some_and(|next| matches!(next, Match::ToPorts(..) | Match::FromPorts(..)));
        words.push(match one {
            Match::Tcp if with_ports => "tcp".to_owned(),
            Match::Udp if with_ports => "udp".to_owned(),
            other => expression(other),
        });
    }
    words.push(match rule.verdict {
        Verdict::Pass => "return".to_owned(),
        Verdict::Redirect(port) => format!("redirect to :{port}"),
        Verdict::Reset => "counter reject with tcp reset".to_owned(),
        Verdict::Drop => "counter drop".to_owned(),
    });
    words.join(" ")
}

fn expression(of: &Match) -> String {
    let family = |ipv4| if ipv4 { "ip" } else { "ip6" };
    let ports = |(first, last): (u16, u16)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    match *of {
        Match::FromLoopback => "iifname \"lo\"".to_owned(),
        Match::ToLoopback => "oifname \"lo\"".to_owned(),
        Match::Tcp => "meta l4proto tcp".to_owned(),
        Match::NotTcp => "meta l4proto != tcp".to_owned(),
        Match::Udp => "meta l4proto udp".to_owned(),
        Match::ToPorts(first, last) => format!("dport {}", ports((first, last))),
        Match::FromPorts(first, last) => format!("sport {}", ports((first, last))),
        Match::To(subnet) | Match::From(subnet) if subnet.is_everything() => {
            format!("meta nfproto {}", if subnet.is_ipv4() { "ipv4" } else { "ipv6" })
        }
        Match::To(subnet) => format!("{} daddr {subnet}", family(subnet.is_ipv4())),
        Match::From(subnet) => format!("{} saddr {subnet}", family(subnet.is_ipv4())),
        Match::Of(uid) => format!("meta skuid {uid}"),
        // It has a value only for packets of an open socket.
        Match::OfSomebody => "meta skuid >= 0".to_owned(),
        Match::Reply => "ct direction reply".to_owned(),
        Match::OfConnection => "ct state established,related".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_one_line() {
        let told = Redirect {
            skip_inbound: "25,4190-4191".parse().unwrap(),
            skip_subnets: "10.0.0.0/8,::/0".parse().unwrap(),
            local_dns: true,
            ..Redirect::default()
        };
        let text = told.as_nft();
        for line in [
            "tcp dport 25 return",
            "tcp sport 4190-4191 ct direction reply return",
            "ip saddr 10.0.0.0/8 return",
            "meta nfproto ipv6 return",
            "udp dport 53 redirect to :53",
            "ip daddr 192.0.2.1/32 tcp dport 20001 redirect to :4140",
            "ip6 daddr ::1/128 return",
            "meta l4proto tcp meta skuid >= 0 counter reject with tcp reset",
            "counter drop",
        ] {
            assert!(text.contains(&format!("\t\t{line}\n")), "{line} is missing in\n{text}");
        }
        assert!(text.starts_with("table inet hauberk\ndelete table inet hauberk\n"), "an earlier one is replaced");
    }
}
