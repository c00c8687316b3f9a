"""Lists of ports in annotations, and which ports are opaque: both ends of a connection decide by the same functions."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.selecting import selects
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.pod import Pod
from hauberk.model.service import Service, ServicePort

OPAQUE_PORTS = "config.linkerd.io/opaque-ports"
REQUIRE_IDENTITY_PORTS = "config.linkerd.io/proxy-require-identity-inbound-ports"

ServiceProtocol = Literal["detect", "opaque", "http1", "http2"]

_PORT_MAX = 65535
_APP_PROTOCOLS: dict[str, ServiceProtocol] = {"http": "http1", "kubernetes.io/h2c": "http2"}


LIST_LENGTH_MAX = 4096
"""Characters of a list that are read: more ports than any program has, and little enough to be read for each of many
Pods, whoever may write their annotations."""


@dataclass(frozen=True, slots=True)
class PortList:
    """Ports, ranges and names of ports."""

    ranges: tuple[tuple[int, int], ...]
    """In order, and apart from each other."""
    names: frozenset[str]

    def has(self, port: int, name: str = "") -> bool:
        if name and name in self.names:
            return True
        place = bisect_right(self.ranges, (port, _PORT_MAX))
        return place > 0 and port <= self.ranges[place - 1][1]


def parse_ports(text: str) -> PortList:
    """`25,8000-8010,admin`; an item with a digit first that is no port or range is left out."""
    if len(text) > LIST_LENGTH_MAX:
        text = text[:LIST_LENGTH_MAX].rpartition(",")[0]
    return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> PortList:
    ranges: list[tuple[int, int]] = []
    names: set[str] = set()
    for item in filter(None, (part.strip() for part in text.split(","))):
        low, dash, high = item.partition("-")
        if item[0].isdigit():
            bounds = (_number(low), _number(high if dash else low))
            if 1 <= bounds[0] <= bounds[1] <= _PORT_MAX:
                ranges.append(bounds)
        else:
            names.add(item)
    return PortList(_joined(ranges), frozenset(names))


def _joined(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def pod_port_is_opaque(mesh: Mesh, snapshot: Snapshot, pod: Pod, port: int) -> bool:
    """By annotation (an empty one says: none), by default, or by a Server."""
    listed = _annotated(mesh, snapshot, pod.metadata.annotations, pod.metadata.namespace)
    if listed.has(port) or (listed.names and listed.has(port, name_of(pod, port))):
        return True
    return any(selects(server, pod, port) for server in snapshot.opaque_servers(pod.metadata.namespace))


def service_protocol(mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort) -> ServiceProtocol:
    """What a client's proxy reads on the way to this port. The port's own word beats the lists."""
    if port.app_protocol:
        # Anything else, also an unknown word, means bytes that are not to be looked at.
        return _APP_PROTOCOLS.get(port.app_protocol, "opaque")
    listed = _annotated(mesh, snapshot, service.metadata.annotations, service.metadata.namespace)
    return "opaque" if listed.has(port.port, port.name or "") else "detect"


def service_port(service: Service, port: int) -> ServicePort | None:
    """The declaration of a port, if there is one for TCP."""
    return next((p for p in service.spec.ports if p.port == port and p.protocol == "TCP"), None)


def name_of(pod: Pod, port: int) -> str:
    """The name that the Pod gives to its port, or an empty one."""
    declared = (p for container in pod.lasting for p in container.ports if p.protocol == "TCP")
    return next((p.name or "" for p in declared if p.container_port == port), "")


def _annotated(mesh: Mesh, snapshot: Snapshot, annotations: dict[str, str], namespace: str) -> PortList:
    text = annotations.get(OPAQUE_PORTS)
    if text is None:
        of = snapshot.namespace(namespace)
        text = of.metadata.annotations.get(OPAQUE_PORTS) if of is not None else None
    return parse_ports(mesh.opaque_ports if text is None else text)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
