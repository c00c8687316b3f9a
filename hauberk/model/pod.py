"""Pod (core v1): a program, in the mesh or not. Written by enrollment or Kubernetes, read by everybody."""

from datetime import datetime
from typing import Literal

import msgspec

from hauberk.model.part import Part
from hauberk.model.resource import Resource

Phase = Literal["Pending", "Running", "Succeeded", "Failed", "Unknown"]


class ContainerPort(Part, frozen=True, kw_only=True):
    name: str | None = None
    container_port: int
    host_port: int | None = None
    """Of the machine, which leads here."""
    protocol: str = "TCP"


class HTTPGetAction(Part, frozen=True, kw_only=True):
    path: str | None = None
    port: int | str


class GRPCAction(Part, frozen=True, kw_only=True):
    port: int


class Probe(Part, frozen=True, kw_only=True):
    """Those by HTTP and gRPC matter to a mesh: what they ask for is always let in."""

    http_get: HTTPGetAction | None = None
    grpc: GRPCAction | None = None


class Container(Part, frozen=True, kw_only=True):
    name: str
    restart_policy: str | None = None
    """`Always` makes a native sidecar of an init container."""
    ports: tuple[ContainerPort, ...] = ()
    liveness_probe: Probe | None = None
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None


class PodSpec(Part, frozen=True, kw_only=True):
    service_account_name: str = "default"
    node_name: str = ""
    host_network: bool = False
    """The Pod's addresses are its machine's, which other Pods may have too."""
    init_containers: tuple[Container, ...] = ()
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
    host_ip: str = msgspec.field(default="", name="hostIP")
    host_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="hostIPs")

    @property
    def addresses(self) -> tuple[str, ...]:
        """The Pod's own, of both families, the primary one first."""
        return _distinct(self.pod_ip, self.pod_ips)

    @property
    def host_addresses(self) -> tuple[str, ...]:
        """The machine's."""
        return _distinct(self.host_ip, self.host_ips)


def _distinct(first: str, others: tuple[PodIP, ...]) -> tuple[str, ...]:
    return tuple(address for address in dict.fromkeys((first, *(other.ip for other in others))) if address)


class Pod(Resource, frozen=True, kw_only=True):
    """A workload: a program with an address, an identity and, in the mesh, a proxy beside it."""

    api_version: str = "v1"
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def ready(self) -> bool:
        """Whether the condition Ready is true."""
        return any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)

    @property
    def lasting(self) -> tuple[Container, ...]:
        """The containers that are there as long as the Pod is, native sidecars among them."""
        sidecars = [container for container in self.spec.init_containers if container.restart_policy == "Always"]
        return (*self.spec.containers, *sidecars)

    @property
    def host_ports(self) -> dict[int, int]:
        """The TCP ports of its machine that lead to it, and to which of its ports each does."""
        ports = (port for container in self.lasting for port in container.ports if port.protocol == "TCP")
        return {port.host_port: port.container_port for port in ports if port.host_port}
