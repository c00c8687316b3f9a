"""Which routes hold for a Service or a Server, and why others do not. Pure.

What proxies are told and what statuses say is this one decision. A route of the Service's own namespace holds for all
clients, a route of another namespace for the clients of that one (GEP-1324: producers and consumers).
"""

from dataclasses import dataclass
from typing import Literal

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import service_protocol
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.honoured import not_honoured
from hauberk.model.httproute import HTTPRoute
from hauberk.model.route import ParentReference
from hauberk.model.route_rules import is_server, is_service
from hauberk.model.server import Server
from hauberk.model.service import Service, ServicePort

_SHOWN = 3
"""Problems of a route that its status names."""


@dataclass(frozen=True, slots=True)
class Attached:
    """The routes of one port, the oldest first."""

    http: tuple[HTTPRoute, ...] = ()
    grpc: tuple[GRPCRoute, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """Why a route does not hold for a parent; `reason` is a word of the Gateway API, or Linkerd's."""

    reason: Literal["NoMatchingParent", "RouteReasonConflicted", "UnsupportedValue"]
    message: str = ""


def routes_of_port(mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort, client: str) -> Attached:
    """The routes of a Service's port for clients in the namespace `client`.

    A port with GRPCRoutes is read as gRPC, and then HTTPRoutes do not hold for it.
    """
    namespace, name = service.metadata.namespace, service.metadata.name
    if not _is_routed(mesh, snapshot, service, port):
        return Attached()
    from_where = (namespace, client)
    grpc = _grpc_routes(mesh, snapshot, service, port, from_where)
    if grpc:
        return Attached(grpc=grpc)
    http = snapshot.routes("Service", namespace, name)
    return Attached(http=tuple(route for route in http if _holds(route, service, port, from_where)))


def routes_of_server(snapshot: Snapshot, server: Server) -> Attached:
    """The routes of a Server, also those that cannot be carried out as a whole: to leave one out could open a port."""
    namespace, name = server.metadata.namespace, server.metadata.name
    return Attached(
        http=tuple(route for route in snapshot.routes("Server", namespace, name) if _is_of(route, server)),
        grpc=tuple(route for route in snapshot.grpc_routes("Server", namespace, name) if _is_of(route, server)),
    )


def acceptance(
    mesh: Mesh, snapshot: Snapshot, route: HTTPRoute | GRPCRoute, parent: ParentReference
) -> NotAccepted | None:
    """None if the route holds for a parent that is a Service or Server; else why it does not."""
    namespace = parent.namespace or route.metadata.namespace
    if is_server(parent):
        servers = (of for of in snapshot.servers(namespace) if of.metadata.name == parent.name)
        if not any(_is_of(route, server) for server in servers):
            return NotAccepted("NoMatchingParent")
        return _unsupported(route)
    service = snapshot.service(namespace, parent.name)
    if service is None:
        return NotAccepted("NoMatchingParent")
    if not service.spec.addresses:
        return NotAccepted("NoMatchingParent", "parent service must have a ClusterIP")
    ports = _ports(service, parent)
    if not ports:
        what = f"TCP port {parent.port or ''}{parent.section_name or ''}"
        return NotAccepted("NoMatchingParent", f"Service {parent.name} has no {what}")
    return _unsupported(route) or _conflict(mesh, snapshot, route, service, ports)


def _unsupported(route: HTTPRoute | GRPCRoute) -> NotAccepted | None:
    problems = not_honoured(route)
    if not problems:
        return None
    return NotAccepted("UnsupportedValue", "; ".join(map(str, problems[:_SHOWN])))


def _conflict(
    mesh: Mesh, snapshot: Snapshot, route: HTTPRoute | GRPCRoute, service: Service, ports: tuple[ServicePort, ...]
) -> NotAccepted | None:
    """An HTTPRoute loses where GRPCRoutes hold for all its clients on all its ports."""
    if isinstance(route, GRPCRoute):
        return None
    from_where = (service.metadata.namespace, route.metadata.namespace)
    winners = [_grpc_routes(mesh, snapshot, service, port, from_where) for port in ports]
    if not all(winners):
        return None
    named = sorted({f"{winner.metadata.namespace}/{winner.metadata.name}" for of in winners for winner in of})
    return NotAccepted("RouteReasonConflicted", f"GRPCRoutes hold there: {', '.join(named[:_SHOWN])}")


def _grpc_routes(
    mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort, from_where: tuple[str, str]
) -> tuple[GRPCRoute, ...]:
    if not _is_routed(mesh, snapshot, service, port) or service_protocol(mesh, snapshot, service, port) == "http1":
        return ()
    found = snapshot.grpc_routes("Service", service.metadata.namespace, service.metadata.name)
    return tuple(route for route in found if _holds(route, service, port, from_where))


def _is_routed(mesh: Mesh, snapshot: Snapshot, service: Service, port: ServicePort) -> bool:
    return bool(service.spec.addresses) and service_protocol(mesh, snapshot, service, port) != "opaque"


def _holds(route: HTTPRoute | GRPCRoute, service: Service, port: ServicePort, from_where: tuple[str, str]) -> bool:
    own = route.metadata.namespace
    if own not in from_where or not_honoured(route):
        return False
    meta = service.metadata
    return any(
        is_service(parent)
        and (parent.namespace or own, parent.name) == (meta.namespace, meta.name)
        and port in _ports(service, parent)
        for parent in route.spec.parent_refs
    )


def _ports(service: Service, parent: ParentReference) -> tuple[ServicePort, ...]:
    """The ports of the Service that a parent means: a section of a Service is the name of a port (Gateway API)."""
    return tuple(
        port
        for port in service.spec.ports
        if port.protocol == "TCP" and parent.port in (None, port.port) and parent.section_name in (None, port.name)
    )


def _is_of(route: HTTPRoute | GRPCRoute, server: Server) -> bool:
    """A route of another namespace would open a Server by that namespace's authorizations."""
    own, meta = route.metadata.namespace, server.metadata
    return own == meta.namespace and any(
        is_server(parent)
        and (parent.namespace or own, parent.name) == (meta.namespace, meta.name)
        and parent.section_name is None
        for parent in route.spec.parent_refs
    )
