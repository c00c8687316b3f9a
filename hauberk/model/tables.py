"""The columns of tables that list objects, as kubectl and Linkerd's CRDs have them. Pure: `now` is an argument."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import RateLimit
from hauberk.model.httproute import HTTPRoute
from hauberk.model.namespace import Namespace
from hauberk.model.pod import Pod
from hauberk.model.resource import Resource
from hauberk.model.server import Server
from hauberk.model.service import Service

R = TypeVar("R", bound=Resource)
Cell = str | int
_SHOWN = 3


@dataclass(frozen=True)
class Column:
    """One column of a `Table` (meta/v1)."""

    name: str
    cell: Callable[[Any, datetime], Cell]
    """Resource and now → what the cell shows."""
    description: str = ""
    priority: int = 0
    """Above 0: only in wide tables."""
    type: Literal["string", "integer"] = "string"


def age(since: datetime | None, now: datetime) -> str:
    """Return how long ago something was, as kubectl shows it: `45s`, `7m`, `3h`, `12d`."""
    if since is None:
        return "<unknown>"
    seconds = max(0, int((now - since).total_seconds()))
    for unit, length, up_to in (("s", 1, 120), ("m", 60, 180 * 60), ("h", 3600, 48 * 3600)):
        if seconds < up_to:
            return f"{seconds // length}{unit}"
    days = seconds // 86_400
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _name(resource: Resource, now: datetime) -> str:
    del now
    return resource.metadata.name


def _none(resource: Resource, now: datetime) -> str:
    del resource, now
    return "<none>"


def _age(resource: Resource, now: datetime) -> str:
    return age(resource.metadata.creation_timestamp, now)


def _of(show: Callable[[R], Cell]) -> Callable[[R, datetime], Cell]:
    def cell(resource: R, now: datetime) -> Cell:
        del now
        return show(resource)

    return cell


def _listed(items: list[str]) -> str:
    """The first few, and how many more there are."""
    if not items:
        return "<none>"
    more = len(items) - _SHOWN
    return ",".join(items[:_SHOWN]) + (f" + {more} more..." if more > 0 else "")


def _namespace_phase(namespace: Namespace) -> str:
    return namespace.status.phase


def _server_port(server: Server) -> str:
    return str(server.spec.port)


def _selector(service: Service) -> str:
    return ",".join(f"{key}={value}" for key, value in service.spec.selector.items()) or "<none>"


def _service_ports(service: Service) -> str:
    return ",".join(f"{port.port}/{port.protocol}" for port in service.spec.ports) or "<none>"


def _ready(pod: Pod) -> str:
    count = len(pod.spec.containers)
    return f"{count if pod.ready else 0}/{count}"


def _pod_status(pod: Pod) -> str:
    return "Terminating" if pod.metadata.deletion_timestamp is not None else pod.status.phase


def _slice_ports(part: EndpointSlice) -> str:
    return _listed([str(port.port) if port.port is not None else "*" for port in part.ports])


def _slice_endpoints(part: EndpointSlice) -> str:
    return _listed([address for endpoint in part.endpoints for address in endpoint.addresses])


def _hostnames(route: HTTPRoute | GRPCRoute) -> str:
    return ",".join(route.spec.hostnames) or "<none>"


def _rate(limit: RateLimit | None) -> str:
    return "<none>" if limit is None else str(limit.requests_per_second)


NAME = Column("Name", _name, "Unique among objects of the kind in a namespace.")
AGE = Column("Age", _age, "Time since the object was created.")

PLAIN = (NAME, AGE)

NAMESPACE = (
    NAME,
    Column("Status", _of(_namespace_phase), "Whether the namespace takes objects."),
    AGE,
)

SERVICE = (
    NAME,
    Column("Type", _of(lambda service: service.spec.type), "How the service is reached."),
    Column("Cluster-IP", _of(lambda service: service.spec.cluster_ip or "<none>"), "The virtual address."),
    Column("External-IP", _none, "There are none."),
    Column("Port(s)", _of(_service_ports), "Ports of the virtual address."),
    AGE,
    Column("Selector", _of(_selector), "Labels of the pods behind the service.", priority=1),
)

POD = (
    NAME,
    Column("Ready", _of(_ready), "Containers (the program and its proxy) that are ready, of all."),
    Column("Status", _of(_pod_status), "The phase of the pod's life."),
    AGE,
    Column("IP", _of(lambda pod: pod.status.pod_ip or "<none>"), "The pod's address.", priority=1),
    Column("Node", _of(lambda pod: pod.spec.node_name or "<none>"), "The machine.", priority=1),
    Column("Service-Account", _of(lambda pod: pod.spec.service_account_name), "Who the pod is.", priority=1),
)

ENDPOINT_SLICE = (
    NAME,
    Column("AddressType", _of(lambda part: part.address_type), "The family of the addresses."),
    Column("Ports", _of(_slice_ports), "Ports of all endpoints."),
    Column("Endpoints", _of(_slice_endpoints), "Addresses."),
    AGE,
)

SERVER = (
    NAME,
    Column("Port", _of(_server_port), "The port that the server is about."),
    Column("Protocol", _of(lambda server: server.spec.proxy_protocol), "How its bytes are read."),
    Column("Access Policy", _of(lambda server: server.spec.access_policy), "For clients that no policy lets in."),
)

RATE_LIMIT = (
    NAME,
    Column("Target", _of(lambda policy: policy.spec.target_ref.name), "The server that is protected."),
    Column("Total RPS", _of(lambda policy: _rate(policy.spec.total)), "Requests in a second, of all clients."),
    Column("Identity RPS", _of(lambda policy: _rate(policy.spec.identity)), "Requests in a second, of each client."),
    AGE,
)

ROUTE = (NAME, Column("Hostnames", _of(_hostnames), "Hosts that the route is for."), AGE)
