"""The settings that a workload's proxy starts with: Linkerd's environment contract (`LINKERD2_PROXY_*`). Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hauberk.enrollment.mesh import Mesh
from hauberk.enrollment.tuning import Tuning

PREFIX = "LINKERD2_PROXY_"


@dataclass(frozen=True, kw_only=True)
class ProxySubject:
    """The workload that the proxy stands beside."""

    namespace: str
    pod: str
    node: str
    identity: str
    pod_ip: str
    inbound_ports: Sequence[int]
    tuning: Tuning


def environment_of(subject: ProxySubject, mesh: Mesh, *, trust_anchors: str) -> dict[str, str]:
    """Return every variable but the two that only the runner knows: IDENTITY_DIR and IDENTITY_TOKEN_FILE.

    `trust_anchors` is PEM text. The values are those that Linkerd's injector gives, where it gives one.
    """
    variables = {
        **_identity(subject, mesh, trust_anchors),
        **_discovery(subject, mesh),
        **_listeners(subject),
        **_timeouts(),
        **subject.tuning.variables(),
    }
    return {PREFIX + name: value for name, value in variables.items()}


def _identity(subject: ProxySubject, mesh: Mesh, trust_anchors: str) -> Mapping[str, str]:
    variables = {
        "IDENTITY_TRUST_ANCHORS": trust_anchors,
        "IDENTITY_LOCAL_NAME": subject.identity,
    }
    for service in ("IDENTITY", "DESTINATION", "POLICY"):
        variables[f"{service}_SVC_ADDR"] = f"{mesh.proxy_api_address or mesh.gateway}:{mesh.proxy_api_port}"
        variables[f"{service}_SVC_NAME"] = mesh.control_identity
    return variables


def _discovery(subject: ProxySubject, mesh: Mesh) -> Mapping[str, str]:
    workload = {"ns": subject.namespace, "pod": subject.pod}
    return {
        "POLICY_WORKLOAD": json.dumps(workload, separators=(",", ":")),
        "DESTINATION_CONTEXT": json.dumps({**workload, "nodeName": subject.node}, separators=(",", ":")),
        "DESTINATION_PROFILE_SUFFIXES": f"svc.{mesh.cluster_domain}.",
        # Without networks a proxy asks for no profile at all, and everything passes in plain text.
        "DESTINATION_PROFILE_NETWORKS": mesh.networks,
        "POLICY_CLUSTER_NETWORKS": mesh.networks,
    }


def _listeners(subject: ProxySubject) -> Mapping[str, str]:
    return {
        "INBOUND_LISTEN_ADDR": "0.0.0.0:4143",
        # The newer variable overrides the older; both kernels' redirects end on loopback.
        "OUTBOUND_LISTEN_ADDR": "127.0.0.1:4140",
        "OUTBOUND_LISTEN_ADDRS": "127.0.0.1:4140,[::1]:4140",
        "CONTROL_LISTEN_ADDR": "0.0.0.0:4190",
        "ADMIN_LISTEN_ADDR": "0.0.0.0:4191",
        "INBOUND_IPS": subject.pod_ip,
        "INBOUND_PORTS": ",".join(str(port) for port in sorted(set(subject.inbound_ports))),
    }


def _timeouts() -> Mapping[str, str]:
    return {
        "CONTROL_STREAM_INITIAL_TIMEOUT": "3s",
        "CONTROL_STREAM_IDLE_TIMEOUT": "5m",
        "CONTROL_STREAM_LIFETIME": "1h",
        "INBOUND_DETECT_TIMEOUT": "10s",
        "OUTBOUND_DETECT_TIMEOUT": "10s",
        "INBOUND_DISCOVERY_IDLE_TIMEOUT": "90s",
        "OUTBOUND_DISCOVERY_IDLE_TIMEOUT": "5s",
        "INBOUND_ACCEPT_KEEPALIVE": "10000ms",
        "INBOUND_ACCEPT_USER_TIMEOUT": "30s",
        "OUTBOUND_CONNECT_KEEPALIVE": "10000ms",
        "OUTBOUND_CONNECT_USER_TIMEOUT": "30s",
        "INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL": "10s",
        "INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT": "3s",
        "OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL": "10s",
        "OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT": "3s",
    }
