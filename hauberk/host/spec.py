"""The spec that `hauberk-proxy supervise` reads: the control plane's answer, the program, how readiness is asked.

Pure: options in, the JSON object out. ARCHITECTURE.md has the contract.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hauberk.host.failure import SetupFailed
from hauberk.host.ports import UNREDIRECTED_INBOUND, ServicePort, port_list
from hauberk.host.user import User

SKIP_INBOUND = "config.linkerd.io/skip-inbound-ports"
SKIP_OUTBOUND = "config.linkerd.io/skip-outbound-ports"


@dataclass(frozen=True, slots=True)
class Program:
    """What a person wants to run in the mesh."""

    name: str
    namespace: str
    service_account: str
    argv: Sequence[str]
    ports: Sequence[ServicePort] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    workdir: Path = Path("/")
    ready_http_path: str | None = None
    """None asks for a TCP connection instead."""
    ready_port: int | None = None
    """Which port is asked; None is the first one on which the program listens."""
    ready_check: bool = True
    proxy_binary: Path | None = None
    """Another implementation of the proxy's contract; None is our own."""
    skip_inbound_ports: Sequence[int] = ()
    skip_outbound_ports: Sequence[int] = ()


def enrollment(program: Program, *, node_name: str) -> dict[str, Any]:
    """The request to the control plane. Raises SetupFailed for a list of ports that makes no sense."""
    return {
        "apiVersion": "hauberk.dev/v1alpha1",
        "kind": "Enrollment",
        "metadata": {"namespace": program.namespace},
        "spec": {
            "name": program.name,
            "serviceAccountName": program.service_account,
            "labels": dict(program.labels),
            "annotations": _annotations(program),
            "ports": [{"port": p.port, "targetPort": p.target_port} for p in program.ports],
            "nodeName": node_name,
            "foreignProxy": program.proxy_binary is not None,
        },
    }


def spec(
    program: Program, user: User, answer: Mapping[str, Any], *, api_socket: Path, workload_dir: Path
) -> dict[str, Any]:
    """The whole spec, from the control plane's answer to the enrollment."""
    return {
        "enrollment": dict(answer),
        "apiSocket": str(api_socket),
        "workloadDir": str(workload_dir),
        "proxyBinary": None if program.proxy_binary is None else str(program.proxy_binary),
        "program": {
            "argv": list(program.argv),
            "env": dict(program.env),
            "workdir": str(program.workdir),
            "uid": user.uid,
            "gid": user.gid,
            "groups": list(user.groups),
            "user": user.name,
            "home": user.home,
        },
        "readiness": readiness(program),
        "skipInboundPorts": sorted({*UNREDIRECTED_INBOUND, *_skipped(program, SKIP_INBOUND)}),
        "skipOutboundPorts": _skipped(program, SKIP_OUTBOUND),
    }


def readiness(program: Program) -> dict[str, Any] | None:
    """How to tell that the program serves: without a port there is nothing to ask."""
    port = program.ready_port or (program.ports[0].target_port if program.ports else None)
    if port is None or not program.ready_check:
        return None
    if program.ready_http_path is not None:
        return {"http": {"port": port, "path": program.ready_http_path}}
    return {"tcp": {"port": port}}


def node_name(hostname: str) -> str:
    """The machine's name as a DNS name (RFC 1123), which host names need not be; empty if nothing is left of it."""
    dashed = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in hostname.lower())
    return ".".join(label for part in dashed.split(".") if (label := part[:63].strip("-")))[:253].rstrip(".-")


def _annotations(program: Program) -> dict[str, str]:
    """Ports that the proxy does not see are told to clients by annotations; those of a person and options add up."""
    annotations = dict(program.annotations)
    for key in (SKIP_INBOUND, SKIP_OUTBOUND):
        if ports := _skipped(program, key):
            annotations[key] = ",".join(map(str, ports))
    return annotations


def _skipped(program: Program, key: str) -> list[int]:
    asked = program.skip_inbound_ports if key == SKIP_INBOUND else program.skip_outbound_ports
    try:
        return sorted({*asked, *port_list(program.annotations.get(key, ""))})
    except ValueError as error:
        raise SetupFailed(f"annotation {key}: {error}", hint="write ports and ranges, such as 25,8000-8010") from None
