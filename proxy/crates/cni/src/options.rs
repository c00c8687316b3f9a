//! What the program that installs is told.

use hauberk_core::words::Words;

use crate::install::Node;
use crate::settings::{Defaults, Settings};

const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// All of it.
pub(crate) struct Wanted {
    pub(crate) node: Node,
    /// The node's name, if early pods are to be deleted.
    pub(crate) repair: Option<String>,
}

/// From the words of the command line; `None`: help is wanted.
pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Option<Wanted>, String> {
    let mut words = Words::new(words);
    let settings = Settings { exclude_namespaces: vec!["kube-system".to_owned()], ..Settings::default() };
    let mut node = Node {
        programs: "/opt/cni/bin".into(),
        configuration: "/etc/cni/net.d".into(),
        account: ACCOUNT.into(),
        server: of_environment(|name| std::env::var(name).ok()).unwrap_or_default(),
        settings,
    };
    let mut repair = None;
    while let Some(option) = words.next_option()? {
        let redirect = &mut node.settings.redirect;
        match option.as_str() {
            "--help" | "-h" => return Ok(None),
            "--bin-dir" => node.programs = words.text()?.into(),
            "--net-dir" => node.configuration = words.text()?.into(),
            "--account-dir" => node.account = words.text()?.into(),
            "--server" => node.server = words.text()?,
            "--exclude-namespaces" => node.settings.exclude_namespaces = list(&words.text()?),
            "--mode" => redirect.mode = words.text()?,
            "--skip-inbound-ports" => redirect.skip_inbound_ports = words.text()?,
            "--skip-outbound-ports" => redirect.skip_outbound_ports = words.text()?,
            "--skip-subnets" => redirect.skip_subnets = words.text()?,
            "--repair" => repair = Some(words.text()?),
            other => return Err(format!("{other:?} is no option")),
        }
    }
    check(&node.settings.redirect)?;
    if node.server.is_empty() {
        return Err("--server is missing, and this is no pod: KUBERNETES_SERVICE_HOST is not set".to_owned());
    }
    Ok(Some(Wanted { node, repair }))
}

/// What is wrong is told now, not by each pod.
fn check(defaults: &Defaults) -> Result<(), String> {
    defaults.mode()?;
    for ports in [&defaults.skip_inbound_ports, &defaults.skip_outbound_ports] {
        ports.parse::<hauberk_redirect::Ports>().map_err(|error| error.to_string())?;
    }
    defaults.skip_subnets.parse::<hauberk_redirect::Subnets>().map(drop).map_err(|error| error.to_string())
}

/// Where a pod finds the API server.
fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let host = variable("KUBERNETES_SERVICE_HOST").filter(|host| !host.is_empty())?;
    let port = variable("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_owned());
    Some(if host.contains(':') { format!("https://[{host}]:{port}") } else { format!("https://{host}:{port}") })
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> Result<Option<Wanted>, String> {
        read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_reach_the_plugins_entry() {
        let line = "--server https://a:1 --skip-inbound-ports 25 --exclude-namespaces a,b --mode=nft --repair node-1";
        let wanted = read_line(line).unwrap().unwrap();
        let settings = wanted.node.settings;
        assert_eq!((settings.redirect.skip_inbound_ports.as_str(), settings.redirect.mode.as_str()), ("25", "nft"));
        assert_eq!(settings.exclude_namespaces, ["a", "b"]);
        assert_eq!((wanted.node.server.as_str(), wanted.repair.as_deref()), ("https://a:1", Some("node-1")));
    }

    #[test]
    fn what_no_pod_could_be_started_with_is_refused_at_once() {
        for wrong in ["--mode ebpf", "--skip-inbound-ports http", "--skip-subnets 10", "--color red", "--server"] {
            assert!(read_line(&format!("--server https://a:1 {wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pods_environment_says_where_the_api_server_is() {
        let found =
            |host: &'static str| of_environment(move |name| (name == "KUBERNETES_SERVICE_HOST").then(|| host.into()));
        assert_eq!(found("10.96.0.1").as_deref(), Some("https://10.96.0.1:443"));
        assert_eq!(found("fd00::1").as_deref(), Some("https://[fd00::1]:443"));
        assert_eq!(found(""), None);
    }
}
