"""The variables that a proxy starts with: Linkerd's environment contract (`LINKERD2_PROXY_*`). Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hauberk.sidecar import keys
from hauberk.sidecar.tuning import Tuning

PREFIX = "LINKERD2_PROXY_"


@dataclass(frozen=True)
class Service:
    """One of the control plane's: where it is (HOST:PORT), and the identity that it proves."""

    address: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Home:
    """The control plane that a proxy belongs to."""

    identity: Service
    destination: Service
    policy: Service
    cluster_domain: str
    networks: str
    """Where workloads and services of the mesh live, as a list of CIDRs."""


@dataclass(frozen=True, kw_only=True)
class ProxySubject:
    """The workload that the proxy stands beside."""

    namespace: str
    pod: str
    node: str
    identity: str
    pod_ip: str
    """Empty where whoever starts the proxy tells it (INBOUND_IPS)."""
    inbound_ports: Sequence[int]
    tuning: Tuning
    ingress: bool = False
    """Whether requests are routed by the header `l5d-dst-override`."""
    any_address: str = "0.0.0.0"  # noqa: S104 - a proxy is there for its peers
    """On which addresses peers and probes reach it: those of IPv4, or `[::]` for both families."""


def environment_of(subject: ProxySubject, home: Home, *, trust_anchors: str) -> dict[str, str]:
    """Return every variable but the two that only the runner knows: IDENTITY_DIR and IDENTITY_TOKEN_FILE.

    `trust_anchors` is PEM text. The values are those that Linkerd's injector gives, where it gives one.
    """
    variables = {
        **_identity(subject, home, trust_anchors),
        **_discovery(subject, home),
        **_listeners(subject),
        **_modes(subject, home),
        **_timeouts(),
        **subject.tuning.variables(),
    }
    return {PREFIX + name: value for name, value in variables.items()}


def _identity(subject: ProxySubject, home: Home, trust_anchors: str) -> Mapping[str, str]:
    variables = {"IDENTITY_TRUST_ANCHORS": trust_anchors, "IDENTITY_LOCAL_NAME": subject.identity}
    for word, service in (("IDENTITY", home.identity), ("DESTINATION", home.destination), ("POLICY", home.policy)):
        variables[f"{word}_SVC_ADDR"] = service.address
        variables[f"{word}_SVC_NAME"] = service.name
    return variables


def _discovery(subject: ProxySubject, home: Home) -> Mapping[str, str]:
    workload = {"ns": subject.namespace, "pod": subject.pod}
    everything = subject.tuning.is_on(keys.EXTERNAL_PROFILES)
    return {
        "POLICY_WORKLOAD": json.dumps(workload, separators=(",", ":")),
        "DESTINATION_CONTEXT": json.dumps({**workload, "nodeName": subject.node}, separators=(",", ":")),
        "DESTINATION_PROFILE_SUFFIXES": "." if everything else f"svc.{home.cluster_domain}.",
        # Without networks a proxy asks for no profile at all, and everything passes in plain text.
        "DESTINATION_PROFILE_NETWORKS": home.networks,
        "POLICY_CLUSTER_NETWORKS": home.networks,
    }


def _listeners(subject: ProxySubject) -> Mapping[str, str]:
    tuning, outbound = subject.tuning, subject.tuning.of(keys.OUTBOUND_PORT)
    variables = {
        "INBOUND_LISTEN_ADDR": f"{subject.any_address}:{tuning.of(keys.INBOUND_PORT)}",
        # The newer variable overrides the older; both kernels' redirects end on loopback.
        "OUTBOUND_LISTEN_ADDR": f"127.0.0.1:{outbound}",
        "OUTBOUND_LISTEN_ADDRS": f"127.0.0.1:{outbound},[::1]:{outbound}",
        "CONTROL_LISTEN_ADDR": f"{subject.any_address}:{tuning.of(keys.CONTROL_PORT)}",
        "ADMIN_LISTEN_ADDR": f"{subject.any_address}:{tuning.of(keys.ADMIN_PORT)}",
        "INBOUND_PORTS": ",".join(str(port) for port in sorted(set(subject.inbound_ports))),
    }
    if subject.pod_ip:
        variables["INBOUND_IPS"] = subject.pod_ip
    return variables


def _modes(subject: ProxySubject, home: Home) -> Mapping[str, str]:
    variables = {"INGRESS_MODE": "true"} if subject.ingress else {}
    if subject.tuning.is_on(keys.GATEWAY):
        variables["INBOUND_GATEWAY_SUFFIXES"] = f"svc.{home.cluster_domain}."
    return variables


def _timeouts() -> Mapping[str, str]:
    return {
        "CONTROL_STREAM_INITIAL_TIMEOUT": "3s",
        "CONTROL_STREAM_IDLE_TIMEOUT": "5m",
        "CONTROL_STREAM_LIFETIME": "1h",
        "INBOUND_DETECT_TIMEOUT": "10s",
        "OUTBOUND_DETECT_TIMEOUT": "10s",
        "INBOUND_ACCEPT_KEEPALIVE": "10000ms",
        "INBOUND_ACCEPT_USER_TIMEOUT": "30s",
        "OUTBOUND_CONNECT_KEEPALIVE": "10000ms",
        "OUTBOUND_CONNECT_USER_TIMEOUT": "30s",
        "INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL": "10s",
        "INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT": "3s",
        "OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL": "10s",
        "OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT": "3s",
    }
