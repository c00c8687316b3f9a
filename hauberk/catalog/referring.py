"""To which Service a route leads, or why to none. Pure: what proxies are told and what statuses say is one decision."""

from dataclasses import dataclass
from typing import Literal

from hauberk.catalog.ports import service_port
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.route import BackendReference
from hauberk.model.route_rules import is_service
from hauberk.model.service import Service


@dataclass(frozen=True, slots=True)
class Unresolved:
    """`reason` is a word of the Gateway API."""

    reason: Literal["InvalidKind", "BackendNotFound"]
    message: str


def backend_of(snapshot: Snapshot, own_namespace: str, reference: BackendReference) -> tuple[Service, int] | Unresolved:
    """The Service that a backend of a route in the namespace means, and its port.

    The Service may be another namespace's: a mesh asks for no ReferenceGrant, since its clients could call it directly.
    """
    name = reference.name
    if not is_service(reference) or reference.port is None:
        return Unresolved("InvalidKind", f"backend {name} is not a Service with a port")
    service = snapshot.service(namespace_of(own_namespace, reference), name)
    if service is None:
        return Unresolved("BackendNotFound", f"Service not found {name}")
    if service.spec.type == "ExternalName":
        return Unresolved("InvalidKind", f"Service {name} is an ExternalName")
    if service_port(service, reference.port) is None:
        return Unresolved("BackendNotFound", f"Service {name} has no port {reference.port}")
    return service, reference.port


def namespace_of(own_namespace: str, reference: BackendReference) -> str:
    """The route's own is the default (Gateway API, BackendObjectReference); another mesh takes the parent's."""
    return reference.namespace or own_namespace
