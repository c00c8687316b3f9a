//! Where the C library looks for names (nsswitch.conf(5)).

/// The host's configuration with host names taken from the hosts file and DNS only: the other sources (a resolver
/// daemon, a directory) would answer from the host's point of view.
pub(crate) fn with_dns_only(host: &str) -> String {
    let mut lines: Vec<&str> = host.lines().filter(|line| !line.trim_start().starts_with("hosts:")).collect();
    lines.push("hosts: files dns");
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_source_of_host_names_changes() {
        let host = "passwd: files systemd\nhosts:\tfiles resolve [!UNAVAIL=return] dns\nnetworks: files\n";
        assert_eq!(with_dns_only(host), "passwd: files systemd\nnetworks: files\nhosts: files dns\n");
    }
}
