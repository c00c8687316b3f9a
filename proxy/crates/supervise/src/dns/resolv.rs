//! Where names are asked for (resolv.conf(5)): the host's servers, and the program's file.

use std::net::{IpAddr, SocketAddr};

/// As many as the C library uses.
const SERVERS_MAX: usize = 3;
const PORT: u16 = 53;

/// The servers that the host's file lists. Scoped IPv6 addresses (`fe80::1%eth0`) are left out.
pub(crate) fn servers(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok())
        .map(|address| SocketAddr::new(address, PORT))
        .take(SERVERS_MAX)
        .collect()
}

/// The program's file. With five dots a name such as `web.default.svc` is completed first, as in Kubernetes.
pub(crate) fn render(search: &[String]) -> String {
    let search = if search.is_empty() { String::new() } else { format!("search {}\n", search.join(" ")) };
    format!("nameserver 127.0.0.1\n{search}options ndots:5\n")
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

    #[test]
    fn the_programs_file_asks_the_server_in_its_namespace() {
        let search = ["default.svc.cluster.local".to_owned(), "svc.cluster.local".to_owned()];
        assert_eq!(
            render(&search),
            "nameserver 127.0.0.1\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5\n"
        );
    }
}
