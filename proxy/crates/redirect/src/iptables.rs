//! The rules as iptables-restore(8) reads them, with the names of chains that Linkerd's have.

use std::fmt::Write as _;

use crate::rules::{Chain, Hook, Match, Redirect, Rule, Verdict};

/// A chain of ours, and the one of the kernel's that leads to it.
struct Place {
    table: &'static str,
    from: &'static str,
    chain: &'static str,
}

impl Redirect {
    /// What `iptables-restore --noflush`, or else `ip6tables-restore`, is to be told: our own chains as they should be, and
    /// the ways to them where `saved` (what the matching program that saves tells) lacks them.
    pub fn as_iptables(&self, ipv4: bool, saved: &str) -> String {
        let mut text = String::new();
        for Chain { hook, rules } in self.chains() {
            let Place { table, from, chain } = place(hook);
            // Writing to a String cannot fail. A chain that is declared is emptied if it is there.
            let _ = write!(text, "*{table}\n:{chain} - [0:0]\n");
            for rule in rules.iter().filter(|rule| rule.concerns(ipv4)) {
                let _ = writeln!(text, "-A {chain} {}", line(rule));
            }
            let way = way(from, chain);
            if !has(saved, table, |line| line == way) {
                text.extend([&way, "\n"]);
            }
            text.push_str("COMMIT\n");
        }
        text
    }
}

/// What is not in the tables as they were saved, if something is not.
pub(crate) fn missing(saved: &str) -> Option<String> {
    Hook::ALL.map(place).into_iter().find_map(|Place { table, from, chain }| {
        let rule = format!("-A {chain} ");
        if !has(saved, table, |line| line == way(from, chain)) {
            Some(format!("nothing leads to chain {chain}"))
        } else if !has(saved, table, |line| line.starts_with(&rule)) {
            Some(format!("chain {chain} has no rules"))
        } else {
            None
        }
    })
}

fn way(from: &str, chain: &str) -> String {
    format!("-A {from} -j {chain}")
}

fn place(hook: Hook) -> Place {
    match hook {
        Hook::Inbound => Place { table: "nat", from: "PREROUTING", chain: "PROXY_INIT_REDIRECT" },
        Hook::Outbound => Place { table: "nat", from: "OUTPUT", chain: "PROXY_INIT_OUTPUT" },
        Hook::Egress => Place { table: "filter", from: "OUTPUT", chain: "PROXY_INIT_EGRESS" },
    }
}

/// Whether a saved table has such a rule.
fn has(saved: &str, table: &str, is_it: impl Fn(&str) -> bool) -> bool {
    let mut within = false;
    saved.lines().map(str::trim_end).any(|line| {
        if let Some(name) = line.strip_prefix('*') {
            within = name == table;
        }
        within && is_it(line)
    })
}

fn line(rule: &Rule) -> String {
    let mut words: Vec<String> = rule.matches.iter().map(condition).filter(|words| !words.is_empty()).collect();
    words.push(match rule.verdict {
        Verdict::Pass => "-j RETURN".to_owned(),
        Verdict::Redirect(port) => format!("-j REDIRECT --to-ports {port}"),
        Verdict::Reset => "-j REJECT --reject-with tcp-reset".to_owned(),
        Verdict::Drop => "-j DROP".to_owned(),
    });
    words.join(" ")
}

fn condition(of: &Match) -> String {
    let ports = |first: u16, last: u16| if first == last { first.to_string() } else { format!("{first}:{last}") };
    match *of {
        Match::FromLoopback => "-i lo".to_owned(),
        Match::ToLoopback => "-o lo".to_owned(),
        Match::Tcp => "-p tcp".to_owned(),
        Match::NotTcp => "! -p tcp".to_owned(),
        Match::Udp => "-p udp".to_owned(),
        Match::ToPorts(first, last) => format!("--dport {}", ports(first, last)),
        Match::FromPorts(first, last) => format!("--sport {}", ports(first, last)),
        // All of the family, which the program is for.
        Match::To(subnet) | Match::From(subnet) if subnet.is_everything() => String::new(),
        Match::To(subnet) => format!("-d {subnet}"),
        Match::From(subnet) => format!("-s {subnet}"),
        Match::Of(uid) => format!("-m owner --uid-owner {uid}"),
        Match::OfSomebody => "-m owner --socket-exists".to_owned(),
        Match::Reply => "-m conntrack --ctdir REPLY".to_owned(),
        Match::OfConnection => "-m conntrack --ctstate RELATED,ESTABLISHED".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Redirect {
        Redirect {
            skip_inbound: "25,4190-4191".parse().unwrap(),
            skip_subnets: "10.0.0.0/8,fd00::/8".parse().unwrap(),
            ..Redirect::default()
        }
    }

    #[test]
    fn each_family_has_its_own_networks_and_the_same_ports() {
        let (four, six) = (told().as_iptables(true, ""), told().as_iptables(false, ""));
        for (text, own, other) in [(&four, "-s 10.0.0.0/8", "fd00::"), (&six, "-s fd00::/8", "10.0.0.0")] {
            assert!(text.contains(&format!("-A PROXY_INIT_REDIRECT {own} -j RETURN\n")), "{text}");
            assert!(!text.contains(other), "{text}");
            assert!(text.contains("-A PROXY_INIT_REDIRECT -p tcp --dport 4190:4191 -j RETURN\n"));
            assert!(text.contains("-A PROXY_INIT_EGRESS -p tcp --sport 25 -m conntrack --ctdir REPLY -j RETURN\n"));
            assert!(text.contains("-A PROXY_INIT_OUTPUT -p tcp -j REDIRECT --to-ports 4140\n"));
        }
        assert!(!four.contains("fe80::"));
    }

    #[test]
    fn ways_that_are_there_are_not_made_again() {
        let made =
            "*nat\n-A PREROUTING -j PROXY_INIT_REDIRECT\n-A OUTPUT -j PROXY_INIT_OUTPUT\nCOMMIT\n*filter\nCOMMIT\n";
        let again = told().as_iptables(true, made);
        assert!(!again.contains("-A PREROUTING") && !again.contains("-A OUTPUT -j PROXY_INIT_OUTPUT"), "{again}");
        assert!(again.contains("-A OUTPUT -j PROXY_INIT_EGRESS"), "in another table nothing was made yet");
    }

    #[test]
    fn what_is_missing_in_saved_tables_is_named() {
        let saved = told().as_iptables(true, "");
        assert_eq!(missing(&saved), None);
        for (gone, named) in [
            ("-A OUTPUT -j PROXY_INIT_EGRESS\n", "nothing leads to chain PROXY_INIT_EGRESS"),
            ("-A PREROUTING -j PROXY_INIT_REDIRECT\n", "nothing leads to chain PROXY_INIT_REDIRECT"),
        ] {
            assert_eq!(missing(&saved.replace(gone, "")).as_deref(), Some(named));
        }
        let emptied: String =
            saved.split_inclusive('\n').filter(|line| !line.contains("A PROXY_INIT_OUTPUT ")).collect();
        assert_eq!(missing(&emptied).as_deref(), Some("chain PROXY_INIT_OUTPUT has no rules"));
        assert!(missing("").is_some());
    }

    #[test]
    fn chains_of_ours_are_emptied_and_nobody_elses() {
        let text = told().as_iptables(true, "");
        let declared: Vec<&str> = text.lines().filter(|line| line.starts_with(':')).collect();
        let ours = [":PROXY_INIT_EGRESS - [0:0]", ":PROXY_INIT_REDIRECT - [0:0]", ":PROXY_INIT_OUTPUT - [0:0]"];
        assert_eq!(declared, ours);
    }
}
