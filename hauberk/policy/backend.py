"""Where a rule leads: Services and their balancers, or an error where there is none. Pure."""

from collections.abc import Sequence

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.referring import Unresolved, backend_of, namespace_of
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.grpcroute import GRPCBackendRef
from hauberk.model.httproute import HTTPBackendRef
from hauberk.model.route_rules import is_service
from hauberk.model.service import Service
from hauberk.policy.outbound_policy import Backend, Balance, Nowhere
from hauberk.policy.route import filters_of
from hauberk.policy.routing import Default, Fail, Meta, Resource

CORE = "core"
"""How the contract spells the group of Services."""

INVALID = Default("invalid")

Reference = HTTPBackendRef | GRPCBackendRef


def backends_of(mesh: Mesh, snapshot: Snapshot, namespace: str, references: Sequence[Reference]) -> tuple[Backend, ...]:
    """The backends of a rule of a route in the namespace; never empty.

    Those without weight get no traffic (Gateway API). They are left out because another make of proxy panics on a
    choice among none but such, and sends everything to one that stands alone.
    """
    weighed = tuple(_backend(mesh, snapshot, namespace, of) for of in references if of.weight > 0)
    return weighed or (_nowhere(INVALID, "no backend of this rule has a weight above 0"),)


def balancer(mesh: Mesh, service: Service, port: int) -> Backend:
    """A Service as the backend of itself."""
    name = f"{service.metadata.name}.{service.metadata.namespace}.svc.{mesh.cluster_domain}"
    return Backend(service_meta(service, port), Balance(f"{name}:{port}"))


def service_meta(service: Service, port: int) -> Resource:
    return Resource(CORE, "Service", service.metadata.namespace, service.metadata.name, port)


def _backend(mesh: Mesh, snapshot: Snapshot, own_namespace: str, reference: Reference) -> Backend:
    found = backend_of(snapshot, own_namespace, reference)
    if isinstance(found, Unresolved):
        return _nowhere(_meta(own_namespace, reference), found.message, reference.weight)
    service, port = found
    own = balancer(mesh, service, port)
    return Backend(own.meta, own.target, reference.weight, filters_of(reference.filters))


def _meta(own_namespace: str, reference: Reference) -> Meta:
    """What a backend means that does not exist; metadata of a resource needs all its parts."""
    if not is_service(reference) or reference.port is None:
        return INVALID
    return Resource(CORE, "Service", namespace_of(own_namespace, reference), reference.name, reference.port)


def _nowhere(meta: Meta, message: str, weight: int = 1) -> Backend:
    return Backend(meta, Nowhere(), weight, (Fail(500, message),))
