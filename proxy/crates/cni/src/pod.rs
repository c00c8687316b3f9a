//! What a pod is to the mesh, as the API server has it.

use hauberk_redirect::{Ports, Redirect};
use serde_json::Value;

use crate::failure::{Code, Failure};
use crate::settings::Defaults;

pub(crate) const PROXY: &str = "linkerd-proxy";
const INIT: &str = "linkerd-init";
pub(crate) const VALIDATOR: &str = "linkerd-network-validator";
const ANNOTATION: &str = "config.linkerd.io/";
/// How the kubelet marks what it has from a file, not from the API server.
const MIRROR: &str = "kubernetes.io/config.mirror";
/// A proxy that stands before a server, and not in a program's way.
const FRONT: &str = "HAUBERK_PROXY_FRONT_LISTEN_ADDR";

/// A pod of the API server's.
pub(crate) struct Pod<'a>(pub(crate) &'a Value);

impl Pod<'_> {
    /// Whether the pod is the one that has `uid`.
    pub(crate) fn is(&self, uid: &str) -> bool {
        self.0["metadata"]["uid"].as_str() == Some(uid)
    }

    /// Whether it only shows what a kubelet runs by itself, where nobody was asked and no proxy added.
    pub(crate) fn is_mirror(&self) -> bool {
        !self.annotation(MIRROR).is_empty()
    }

    /// What is to be done with its connections; `None`: nothing, or it does that itself.
    pub(crate) fn redirect(&self, defaults: &Defaults) -> Result<Option<Redirect>, Failure> {
        let Some(proxy) = self.container(PROXY) else { return Ok(None) };
        if self.container(INIT).is_some() || !variable(proxy, FRONT).is_empty() {
            return Ok(None);
        }
        let usual = Redirect::default();
        let port = |name, usual| port(variable(proxy, name)).unwrap_or(usual);
        let own = Ports::from_iter([
            port("LINKERD2_PROXY_ADMIN_LISTEN_ADDR", 4191),
            port("LINKERD2_PROXY_CONTROL_LISTEN_ADDR", 4190),
        ]);
        let wrong = |name: &str, why: String| {
            let what = format!("the pod's annotation {ANNOTATION}{name}, or the installation's value: {why}");
            Failure::new(Code::Pod, what, "correct it")
        };
        let told = |name: &str, default: &str| match self.annotation(&format!("{ANNOTATION}{name}")) {
            "" => default.to_owned(),
            told => told.to_owned(),
        };
        let ports = |name: &str, default: &str| {
            told(name, default).parse::<Ports>().map_err(|error| wrong(name, error.to_string()))
        };
        Ok(Some(Redirect {
            proxy_uid: self.user(proxy).unwrap_or(usual.proxy_uid),
            inbound_port: port("LINKERD2_PROXY_INBOUND_LISTEN_ADDR", usual.inbound_port),
            outbound_port: port("LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR", usual.outbound_port),
            skip_inbound: ports("skip-inbound-ports", &defaults.skip_inbound_ports)?.union(&own),
            skip_outbound: ports("skip-outbound-ports", &defaults.skip_outbound_ports)?,
            skip_subnets: told("skip-subnets", &defaults.skip_subnets)
                .parse()
                .map_err(|error: hauberk_redirect::SubnetsError| wrong("skip-subnets", error.to_string()))?,
            ..usual
        }))
    }

    fn annotation(&self, name: &str) -> &str {
        self.0["metadata"]["annotations"][name].as_str().unwrap_or_default().trim()
    }

    fn container(&self, name: &str) -> Option<&Value> {
        let lists = [&self.0["spec"]["initContainers"], &self.0["spec"]["containers"]];
        lists.into_iter().filter_map(Value::as_array).flatten().find(|container| container["name"] == name)
    }

    /// Whom the container runs as; its own word goes before the pod's.
    fn user(&self, container: &Value) -> Option<u32> {
        let of = |at: &Value| at["securityContext"]["runAsUser"].as_u64().and_then(|uid| u32::try_from(uid).ok());
        of(container).or_else(|| of(&self.0["spec"]))
    }
}

/// The value of a container's variable; empty where it has none.
fn variable<'a>(container: &'a Value, name: &str) -> &'a str {
    let all = container["env"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|variable| variable["name"] == name).and_then(|found| found["value"].as_str()).unwrap_or_default()
}

/// Of `IP:PORT`.
fn port(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok().filter(|port| *port > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn defaults() -> Defaults {
        Defaults { skip_inbound_ports: "4567,4568".into(), skip_subnets: "10.0.0.0/8".into(), ..Defaults::default() }
    }

    fn redirect(pod: &Value) -> Result<Option<Redirect>, Failure> {
        Pod(pod).redirect(&defaults())
    }

    fn pod(annotations: &Value, init: &Value, containers: &Value) -> Value {
        json!({"metadata": {"annotations": annotations}, "spec": {"initContainers": init, "containers": containers}})
    }

    #[test]
    fn a_pod_with_a_proxy_is_redirected_wherever_the_proxy_stands() {
        let proxy = json!([{"name": "linkerd-proxy"}]);
        let app = json!([{"name": "app"}]);
        for injected in [
            pod(&json!({}), &proxy, &app),
            pod(&json!({}), &json!([]), &proxy),
            pod(&json!(null), &json!(null), &proxy),
        ] {
            let found = redirect(&injected).unwrap().unwrap();
            assert_eq!((found.proxy_uid, found.inbound_port, found.outbound_port), (2102, 4143, 4140));
            assert_eq!(found.skip_inbound.ranges(), [(4190, 4191), (4567, 4568)]);
        }
    }

    #[test]
    fn others_are_left_alone() {
        let front = json!([{"name": "linkerd-proxy", "env": [{"name": FRONT, "value": "[::]:8086"}]}]);
        for other in [
            pod(&json!({}), &json!([]), &json!([{"name": "app"}])),
            pod(&json!({}), &json!([{"name": "linkerd-init"}, {"name": "linkerd-proxy"}]), &json!([])),
            pod(&json!({}), &json!([]), &front),
            json!({}),
        ] {
            assert_eq!(redirect(&other), Ok(None), "{other}");
        }
    }

    #[test]
    fn what_the_proxy_is_told_holds_for_the_rules_too() {
        let env = json!([
            {"name": "LINKERD2_PROXY_INBOUND_LISTEN_ADDR", "value": "[::]:5143"},
            {"name": "LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR", "value": "127.0.0.1:5140"},
            {"name": "LINKERD2_PROXY_ADMIN_LISTEN_ADDR", "value": "[::]:5191"},
        ]);
        let proxy = json!([{"name": "linkerd-proxy", "env": env, "securityContext": {"runAsUser": 7}}]);
        let annotations = json!({"config.linkerd.io/skip-inbound-ports": "25", "config.linkerd.io/skip-outbound-ports": "53",
                                 "config.linkerd.io/skip-subnets": "fd00::/8"});
        let found = redirect(&pod(&annotations, &proxy, &json!([]))).unwrap().unwrap();
        assert_eq!((found.proxy_uid, found.inbound_port, found.outbound_port), (7, 5143, 5140));
        assert_eq!(found.skip_inbound.ranges(), [(25, 25), (4190, 4190), (5191, 5191)]);
        assert_eq!(found.skip_outbound.ranges(), [(53, 53)]);
        assert_eq!(found.skip_subnets, "fd00::/8".parse().unwrap());
    }

    #[test]
    fn a_pod_that_asks_for_nonsense_is_told() {
        for name in ["skip-inbound-ports", "skip-outbound-ports", "skip-subnets"] {
            let annotations = json!({format!("config.linkerd.io/{name}"): "everything"});
            let failure = redirect(&pod(&annotations, &json!([{"name": "linkerd-proxy"}]), &json!([]))).unwrap_err();
            assert_eq!(failure.code, Code::Pod);
            assert!(failure.what.contains(name) && failure.what.contains("everything"), "{failure}");
        }
    }
}
