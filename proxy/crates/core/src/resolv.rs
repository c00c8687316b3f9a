//! The name servers that a system lists (resolv.conf(5)).

use std::net::{IpAddr, SocketAddr};

/// As many as the C library uses.
const SERVERS_MAX: usize = 3;
const PORT: u16 = 53;

/// The servers that a file lists. Scoped IPv6 addresses (`fe80::1%eth0`) are left out.
pub fn servers(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok())
        .map(|address| SocketAddr::new(address, PORT))
        .take(SERVERS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_found_among_comments_and_options() {
        let text = "# nameserver 1.1.1.1\nsearch example.com\nnameserver 10.0.0.1 # first\n nameserver\tfd00::1\nnameserver x\n";
        let expected: Vec<SocketAddr> = vec!["10.0.0.1:53".parse().unwrap(), "[fd00::1]:53".parse().unwrap()];
        assert_eq!(servers(text), expected);
    }
}
