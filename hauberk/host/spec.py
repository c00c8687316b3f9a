"""The spec that `hauberk-proxy supervise` reads: the control plane's answer, the program, how readiness is asked.

Pure: options in, the JSON object out. ARCHITECTURE.md has the contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hauberk.host.ports import UNREDIRECTED_INBOUND, ServicePort
from hauberk.host.user import User


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
    """Asked of the first port; None asks for a TCP connection instead."""
    ready_check: bool = True
    proxy_binary: Path | None = None
    """Another implementation of the proxy's contract; None is our own."""
    skip_inbound_ports: Sequence[int] = ()
    skip_outbound_ports: Sequence[int] = ()


def enrollment(program: Program, *, node_name: str) -> dict[str, Any]:
    """The request to the control plane."""
    return {
        "apiVersion": "hauberk.dev/v1alpha1",
        "kind": "Enrollment",
        "metadata": {"namespace": program.namespace},
        "spec": {
            "name": program.name,
            "serviceAccountName": program.service_account,
            "labels": dict(program.labels),
            "annotations": dict(program.annotations),
            "ports": [{"port": p.port, "targetPort": p.target_port} for p in program.ports],
            "nodeName": node_name,
            "foreignProxy": program.proxy_binary is not None,
        },
    }


def spec(program: Program, user: User, answer: Mapping[str, Any], *, api_socket: Path, workload_dir: Path) -> dict[str, Any]:
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
        "skipInboundPorts": sorted({*UNREDIRECTED_INBOUND, *program.skip_inbound_ports}),
        "skipOutboundPorts": sorted(set(program.skip_outbound_ports)),
    }


def readiness(program: Program) -> dict[str, Any] | None:
    """How to tell that the program serves: without a port there is nothing to ask."""
    if not program.ports or not program.ready_check:
        return None
    port = program.ports[0].target_port
    if program.ready_http_path is not None:
        return {"http": {"port": port, "path": program.ready_http_path}}
    return {"tcp": {"port": port}}
