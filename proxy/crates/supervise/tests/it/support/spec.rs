//! Specs for tests.

use std::path::Path;

use serde_json::{Value, json};

/// What most tests start from: the program `argv` as root, behind the stand-in at `proxy`.
pub(crate) fn spec(dir: &Path, number: u8, proxy: &Path, argv: &[&str]) -> Value {
    let name = format!("web-{number}");
    json!({
        "enrollment": enrollment(&name, number),
        "apiSocket": dir.join("api.sock"),
        "workloadDir": dir.join("workloads").join(&name),
        "proxyBinary": proxy,
        "program": {
            "argv": argv, "env": {}, "workdir": "/", "uid": 0, "gid": 0, "groups": [0], "user": "root", "home": "/root",
        },
        "readiness": null,
        "skipInboundPorts": [4190, 4191],
        "skipOutboundPorts": [],
    })
}

fn enrollment(name: &str, number: u8) -> Value {
    json!({
        "apiVersion": "hauberk.dev/v1alpha1",
        "kind": "Enrollment",
        "metadata": {"namespace": "default", "name": name},
        "spec": {"name": "web", "serviceAccountName": "web", "ports": []},
        "status": {
            "podName": name,
            "podUID": format!("{:08x}-{number:04x}-4000-8000-000000000000", std::process::id()),
            "podIP": format!("10.77.0.{}", number + 10),
            "prefixLength": 16,
            "gateway": "10.77.0.1",
            "bridge": "hauberk0",
            "serviceNetwork": "10.78.0.0/16",
            "identity": "web.default.serviceaccount.identity.hauberk.cluster.local",
            "token": "first",
            "tokenExpirationTimestamp": "2999-01-01T00:00:00Z",
            "leaseDurationSeconds": 3,
            "searchDomains": ["default.svc.cluster.local", "svc.cluster.local", "cluster.local"],
            "clusterDomain": "cluster.local",
            "environment": {"LINKERD2_PROXY_LOCAL": "x"},
        },
    })
}
