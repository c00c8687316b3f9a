//! What a container runtime asks of a plugin: variables, and a configuration on standard input.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::failure::{Code, Failure};
use crate::settings::Settings;

/// Versions of the specification whose ADD hands on the result of the plugin before.
pub(crate) const VERSIONS: [&str; 5] = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
pub(crate) const NEWEST: &str = VERSIONS[VERSIONS.len() - 1];
const WITHOUT_CHECK: [&str; 2] = ["0.3.0", "0.3.1"];

/// A question, complete.
#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) version: String,
    pub(crate) verb: Verb,
    pub(crate) settings: Settings,
}

/// What is wanted.
#[derive(Debug, PartialEq)]
pub(crate) enum Verb {
    Add {
        namespace_file: String,
        pod: Option<PodName>,
        previous: Value,
    },
    /// Nothing is left of a pod's rules when its network is gone.
    Delete,
    /// Whether what was added is there.
    Check {
        namespace_file: String,
        pod: Option<PodName>,
    },
    Status,
    Collect,
    Version,
}

/// How Kubernetes names the pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodName {
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Older runtimes do not say it.
    pub(crate) uid: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    #[serde(default)]
    cni_version: String,
    prev_result: Option<Value>,
    #[serde(flatten)]
    settings: Settings,
}

impl Request {
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>, input: &[u8]) -> Result<Self, (String, Failure)> {
        let decoding = |error: serde_json::Error| {
            let what = format!("the network configuration on standard input cannot be read: {error}");
            (NEWEST.to_owned(), Failure::new(Code::Decoding, what, "a container runtime gives it"))
        };
        let given: Configuration = serde_json::from_slice(input).map_err(decoding)?;
        // Who says nothing means the first version (specification, "cniVersion").
        let version = if given.cni_version.is_empty() { "0.1.0".to_owned() } else { given.cni_version };
        match verb(variable, &version, given.prev_result) {
            Ok(verb) => Ok(Self { version, verb, settings: given.settings }),
            Err(failure) => Err((version, failure)),
        }
    }
}

fn verb(variable: impl Fn(&str) -> Option<String>, version: &str, previous: Option<Value>) -> Result<Verb, Failure> {
    let needed = |name: &str| {
        let missing = || Failure::new(Code::Environment, format!("{name} is missing"), "a container runtime sets it");
        variable(name).filter(|value| !value.is_empty()).ok_or_else(missing)
    };
    let command = needed("CNI_COMMAND")?;
    if command == "VERSION" {
        return Ok(Verb::Version);
    }
    if !VERSIONS.contains(&version) {
        let what = format!("version {version} of CNI is none of {}", VERSIONS.join(", "));
        return Err(Failure::new(Code::Version, what, ""));
    }
    let pod = || pod(&variable("CNI_ARGS").unwrap_or_default());
    let previous = || {
        let what = "it was not given the result of a plugin before it (prevResult)";
        let hint = "it belongs at the end of a list of plugins (.conflist)";
        previous.ok_or_else(|| Failure::new(Code::Configuration, what, hint))
    };
    match command.as_str() {
        "ADD" => Ok(Verb::Add { namespace_file: needed("CNI_NETNS")?, pod: pod(), previous: previous()? }),
        "DEL" => Ok(Verb::Delete),
        "CHECK" if WITHOUT_CHECK.contains(&version) => {
            Err(Failure::new(Code::Version, format!("version {version} of CNI has no CHECK"), "0.4.0 is the first"))
        }
        "CHECK" => {
            previous()?;
            Ok(Verb::Check { namespace_file: needed("CNI_NETNS")?, pod: pod() })
        }
        "STATUS" => Ok(Verb::Status),
        "GC" => Ok(Verb::Collect),
        other => Err(Failure::new(Code::Environment, format!("CNI_COMMAND={other:?} is no command of CNI"), "")),
    }
}

/// From `K8S_POD_NAMESPACE=a;K8S_POD_NAME=b`; none where whoever asks is not Kubernetes.
fn pod(arguments: &str) -> Option<PodName> {
    let known: BTreeMap<&str, &str> = arguments.split(';').filter_map(|pair| pair.split_once('=')).collect();
    let known = |name| known.get(name).copied().filter(|value| !value.is_empty()).map(str::to_owned);
    Some(PodName { namespace: known("K8S_POD_NAMESPACE")?, name: known("K8S_POD_NAME")?, uid: known("K8S_POD_UID") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(variables: &[(&str, &str)], input: &Value) -> Result<Request, (String, Failure)> {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Request::read(variable, input.to_string().as_bytes())
    }

    const ADD: [(&str, &str); 3] = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_NETNS", "/run/netns/a"),
        ("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;K8S_POD_UID=u"),
    ];

    #[test]
    fn a_pod_and_the_result_before_it_are_read() {
        let previous = json!({"cniVersion": "1.0.0", "ips": []});
        let input = json!({"cniVersion": "1.0.0", "name": "net", "type": "hauberk-cni", "prevResult": previous,
                           "kubeconfig": "/k", "excludeNamespaces": ["kube-system"], "runtimeConfig": {"a": 1}});
        let request = read(&ADD, &input).unwrap();
        let pod = PodName { namespace: "shop".into(), name: "web-1".into(), uid: Some("u".into()) };
        assert_eq!(request.verb, Verb::Add { namespace_file: "/run/netns/a".into(), pod: Some(pod), previous });
        assert_eq!((request.settings.kubeconfig.as_str(), request.version.as_str()), ("/k", "1.0.0"));
        assert_eq!(request.settings.exclude_namespaces, ["kube-system"]);
    }

    #[test]
    fn a_check_needs_what_add_had_and_a_version_that_has_it() {
        let variables = [("CNI_COMMAND", "CHECK"), ADD[1], ADD[2]];
        let asked = |version: &str| read(&variables, &json!({"cniVersion": version, "prevResult": {}}));
        for version in ["0.4.0", "1.0.0", "1.1.0"] {
            let verb = asked(version).unwrap().verb;
            assert!(matches!(verb, Verb::Check { pod: Some(pod), .. } if pod.name == "web-1"), "{version}");
        }
        assert_eq!(asked("0.3.1").unwrap_err().1.code, Code::Version);
        let without = |variables: &[_], input| read(variables, &input).unwrap_err().1.code;
        assert_eq!(without(&variables, json!({"cniVersion": "1.0.0"})), Code::Configuration);
        assert_eq!(without(&variables[..1], json!({"cniVersion": "1.0.0", "prevResult": {}})), Code::Environment);
    }

    #[test]
    fn whoever_is_not_kubernetes_has_no_pod() {
        for arguments in ["", "K8S_POD_NAME=web-1", "K8S_POD_NAME=;K8S_POD_NAMESPACE=a", "a;b=;=c"] {
            assert_eq!(pod(arguments), None, "{arguments}");
        }
    }

    #[test]
    fn errors_have_the_code_of_the_specification() {
        let code = |variables: &[(&str, &str)], input: Value| read(variables, &input).unwrap_err().1.code;
        assert_eq!(code(&ADD, json!({"cniVersion": "1.0.0"})), Code::Configuration);
        assert_eq!(code(&ADD, json!({"cniVersion": "0.2.0", "prevResult": {}})), Code::Version);
        assert_eq!(code(&ADD, json!({"prevResult": {}})), Code::Version);
        assert_eq!(code(&ADD[..1], json!({"cniVersion": "1.0.0", "prevResult": {}})), Code::Environment);
        assert_eq!(code(&[], json!({})), Code::Environment);
        assert_eq!(code(&[("CNI_COMMAND", "BUY")], json!({"cniVersion": "1.0.0"})), Code::Environment);
        assert_eq!(code(&ADD, json!([])), Code::Decoding);
    }
}
