//! Where the program asks for names (resolv.conf(5)).

/// The program's file. With five dots a name such as `web.default.svc` is completed first, as in Kubernetes.
pub(crate) fn render(search: &[String]) -> String {
    let search = if search.is_empty() { String::new() } else { format!("search {}\n", search.join(" ")) };
    format!("nameserver 127.0.0.1\n{search}options ndots:5\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_file_asks_the_server_in_its_namespace() {
        let search = ["default.svc.cluster.local".to_owned(), "svc.cluster.local".to_owned()];
        assert_eq!(
            render(&search),
            "nameserver 127.0.0.1\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5\n"
        );
    }
}
