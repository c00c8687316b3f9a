"""Pod (core v1): a program in the mesh. Written by enrollment, read by everybody."""

from datetime import datetime
from typing import Literal

import msgspec

from hauberk.model.part import Part
from hauberk.model.resource import Resource

Phase = Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]


class ContainerPort(Part, frozen=True, kw_only=True):
    name: str | None = None
    container_port: int
    protocol: str = "TCP"


class HTTPGetAction(Part, frozen=True, kw_only=True):
    path: str | None = None
    port: int | str


class Probe(Part, frozen=True, kw_only=True):
    """Only HTTP probes matter to a mesh: their paths are always let in."""

    http_get: HTTPGetAction | None = None


class Container(Part, frozen=True, kw_only=True):
    name: str
    ports: tuple[ContainerPort, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None


class PodSpec(Part, frozen=True, kw_only=True):
    service_account_name: str = "default"
    node_name: str = ""
    containers: tuple[Container, ...] = ()


class PodIP(Part, frozen=True, kw_only=True):
    ip: str


class PodCondition(Part, frozen=True, kw_only=True):
    type: str
    status: Literal["True", "False", "Unknown"]
    last_transition_time: datetime | None = None
    reason: str | None = None
    message: str | None = None


class PodStatus(Part, frozen=True, kw_only=True):
    phase: Phase = "Pending"
    conditions: tuple[PodCondition, ...] = ()
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")


class Pod(Resource, frozen=True, kw_only=True):
    """A workload: a program with an address, an identity and a proxy beside it."""

    api_version: str = "v1"
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is true."""
        return any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)
