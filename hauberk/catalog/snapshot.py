"""What is known at one moment, as one value that answers by key."""

from dataclasses import dataclass
from typing import Self, TypeVar, cast

from hauberk.catalog.index import Index, Key
from hauberk.catalog.kinds import Resource, order
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import NetworkAuthentication
from hauberk.model.node import Node
from hauberk.model.pod import Pod
from hauberk.model.server import Server
from hauberk.model.service import Service

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Version:
    """A point in the life of one store. Revisions of different stores are not comparable."""

    store: str
    """The store's identity; replicas and restarts share it."""
    revision: int


class Snapshot:
    """Immutable; the same for everyone who holds it.

    Everything that decisions read goes through the methods below, one key each; a snapshot made by `recording` notes
    these keys, so that it is known what an answer depends on, also on what is absent.
    """

    __slots__ = ("_index", "_reads", "version")

    def __init__(self, version: Version, index: Index[Resource], reads: set[Key] | None = None) -> None:
        self.version = version
        self._index = index
        self._reads = reads

    @classmethod
    def empty(cls) -> Self:
        """Before anything was listed."""
        return cls(Version(store="", revision=0), Index(order))

    def recording(self, reads: set[Key]) -> Self:
        """The same snapshot; the keys that are read of it are added to `reads`."""
        return type(self)(self.version, self._index, reads)

    def changed_since(self, older: Self) -> set[Key]:
        """The keys under which something else is filed than before."""
        return set(self._index.changed_since(older._index))

    def namespace(self, name: str) -> Namespace | None:
        return _only(cast("tuple[Namespace, ...]", self._at("namespace", name)))

    def service(self, namespace: str, name: str) -> Service | None:
        return _only(cast("tuple[Service, ...]", self._at("service", namespace, name)))

    def services_at(self, ip: str) -> tuple[Service, ...]:
        """Services with this virtual address, the oldest first. More than one is a mistake in the resources."""
        return cast("tuple[Service, ...]", self._at("service-at", ip))

    def pod(self, namespace: str, name: str) -> Pod | None:
        return _only(cast("tuple[Pod, ...]", self._at("pod", namespace, name)))

    def pod_at(self, ip: str) -> Pod | None:
        """The Pod that has this address; the youngest if an older one has not gone yet."""
        pods = cast("tuple[Pod, ...]", self._at("pod-at", ip))
        return pods[-1] if pods else None

    def pod_at_host(self, ip: str, port: int) -> Pod | None:
        """The Pod that a port of a machine leads to; the youngest if an older one has not gone yet."""
        pods = cast("tuple[Pod, ...]", self._at("pod-at-host", ip, str(port)))
        return pods[-1] if pods else None

    def node(self, name: str) -> Node | None:
        return _only(cast("tuple[Node, ...]", self._at("node", name)))

    def slices(self, namespace: str, service: str) -> tuple[EndpointSlice, ...]:
        """The EndpointSlices of a Service."""
        return cast("tuple[EndpointSlice, ...]", self._at("slices", namespace, service))

    def servers(self, namespace: str) -> tuple[Server, ...]:
        """All Servers of a namespace, the oldest first."""
        return cast("tuple[Server, ...]", self._at("servers", namespace))

    def opaque_servers(self, namespace: str) -> tuple[Server, ...]:
        """The Servers of a namespace that declare their port opaque; most often none."""
        return cast("tuple[Server, ...]", self._at("opaque-servers", namespace))

    def authorizations(self, namespace: str, kind: str, name: str) -> tuple[AuthorizationPolicy, ...]:
        """The AuthorizationPolicies that target a resource of their namespace; `kind` is `Kind.group`."""
        return cast("tuple[AuthorizationPolicy, ...]", self._at("authorizations", namespace, kind, name))

    def mesh_tls_authentication(self, namespace: str, name: str) -> MeshTLSAuthentication | None:
        return _only(cast("tuple[MeshTLSAuthentication, ...]", self._at("mesh-tls", namespace, name)))

    def network_authentication(self, namespace: str, name: str) -> NetworkAuthentication | None:
        return _only(cast("tuple[NetworkAuthentication, ...]", self._at("network", namespace, name)))

    def rate_limits(self, namespace: str, server: str) -> tuple[HTTPLocalRateLimitPolicy, ...]:
        """The HTTPLocalRateLimitPolicies for a Server of their namespace, the oldest first."""
        return cast("tuple[HTTPLocalRateLimitPolicy, ...]", self._at("rate-limits", namespace, server))

    def routes(self, kind: str, namespace: str, name: str) -> tuple[HTTPRoute, ...]:
        """The HTTPRoutes, of both groups, that name this parent (a Service or a Server), the oldest first."""
        return cast("tuple[HTTPRoute, ...]", self._at("routes", kind, namespace, name))

    def grpc_routes(self, kind: str, namespace: str, name: str) -> tuple[GRPCRoute, ...]:
        """The GRPCRoutes that name this parent (a Service or a Server), the oldest first."""
        return cast("tuple[GRPCRoute, ...]", self._at("grpc-routes", kind, namespace, name))

    def reported(self) -> tuple[HTTPRoute | GRPCRoute | HTTPLocalRateLimitPolicy, ...]:
        """Everything that has a status to report."""
        kinds = ("HTTPRoute", "GRPCRoute", "HTTPLocalRateLimitPolicy")
        found = tuple(resource for kind in kinds for resource in self._at("reported", kind))
        return cast("tuple[HTTPRoute | GRPCRoute | HTTPLocalRateLimitPolicy, ...]", found)

    def _at(self, *key: str) -> tuple[Resource, ...]:
        if self._reads is not None:
            self._reads.add(key)
        return self._index.at(key)


def _only(found: tuple[R, ...]) -> R | None:
    return found[0] if found else None
