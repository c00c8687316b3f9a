"""Under which keys each kind is filed. A kind that is not here is not needed to answer a proxy."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_address

import msgspec

from hauberk.catalog.index import Key
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import NetworkAuthentication
from hauberk.model.node import ZONE, Node
from hauberk.model.pod import Pod
from hauberk.model.route_rules import is_server, is_service
from hauberk.model.server import Server
from hauberk.model.service import Service

Resource = (
    Namespace
    | Service
    | Pod
    | EndpointSlice
    | Server
    | AuthorizationPolicy
    | MeshTLSAuthentication
    | NetworkAuthentication
    | HTTPLocalRateLimitPolicy
    | HTTPRoute
    | GRPCRoute
    | Node
)

POLICY_GROUP = "policy.linkerd.io"
GATEWAY_GROUP = "gateway.networking.k8s.io"

KINDS: tuple[tuple[str, str], ...] = (
    ("", "Namespace"),
    ("", "Service"),
    ("", "Pod"),
    ("discovery.k8s.io", "EndpointSlice"),
    (POLICY_GROUP, "Server"),
    (POLICY_GROUP, "AuthorizationPolicy"),
    (POLICY_GROUP, "MeshTLSAuthentication"),
    (POLICY_GROUP, "NetworkAuthentication"),
    (POLICY_GROUP, "HTTPLocalRateLimitPolicy"),
    (POLICY_GROUP, "HTTPRoute"),
    (GATEWAY_GROUP, "HTTPRoute"),
    (GATEWAY_GROUP, "GRPCRoute"),
    ("", "Node"),
)
"""What the catalog needs, as group and kind."""

Name = tuple[str, str, str, str]
"""Group, kind, namespace and name of a resource, whatever its version."""

SERVICE_NAME_LABEL = "kubernetes.io/service-name"

REPORTED = (HTTPRoute, GRPCRoute, HTTPLocalRateLimitPolicy)
"""Kinds whose status says what becomes of them."""

GONE_PHASES = frozenset({"Succeeded", "Failed"})
"""Of a Pod whose address may already be another's."""


def order(resource: Resource) -> tuple[str, ...]:
    """The oldest first, then by name: what policy needs, and the same on every replica."""
    meta = resource.metadata
    return (str(meta.creation_timestamp or ""), meta.namespace, meta.name, resource.api_version)


def name_of(resource: Resource) -> Name:
    group = resource.api_version.rpartition("/")[0]
    return (group, type(resource).__name__, resource.metadata.namespace, resource.metadata.name)


def relevant(resource: Resource) -> Resource:
    """The resource without what no answer depends on, so that a lease renewed is not a change."""
    meta = msgspec.structs.replace(resource.metadata, resource_version="")
    if not isinstance(resource, REPORTED):
        meta = msgspec.structs.replace(meta, generation=0)
    if isinstance(resource, Node):
        meta = msgspec.structs.replace(meta, annotations={}, labels={ZONE: resource.zone})
    resource = msgspec.structs.replace(resource, metadata=meta)
    if isinstance(resource, Pod):
        return msgspec.structs.replace(resource, status=msgspec.structs.replace(resource.status, conditions=()))
    return resource


def entries(resource: Resource) -> Iterator[Key]:
    """The keys of a resource, each once."""
    return iter(dict.fromkeys(_entries(resource)))


def _entries(resource: Resource) -> Iterable[Key]:
    namespace, name = resource.metadata.namespace, resource.metadata.name
    match resource:
        case Namespace():
            return [("namespace", name)]
        case Service():
            at = filter(None, map(canonical, resource.spec.addresses))
            return [("service", namespace, name), *(("service-at", ip) for ip in at)]
        case Pod():
            return [("pod", namespace, name), *_places(resource)]
        case Node():
            return [("node", name)]
        case EndpointSlice():
            service = resource.metadata.labels.get(SERVICE_NAME_LABEL)
            return [("slices", namespace, service)] if service else []
        case Server():
            opaque = [("opaque-servers", namespace)] if resource.spec.proxy_protocol == "opaque" else []
            return [("servers", namespace), *opaque]
        case HTTPRoute() | GRPCRoute():
            kind = "routes" if isinstance(resource, HTTPRoute) else "grpc-routes"
            parents = (parent for parent in resource.spec.parent_refs if is_service(parent) or is_server(parent))
            attached = [(kind, parent.kind, parent.namespace or namespace, parent.name) for parent in parents]
            return [*attached, ("reported", resource.kind)]
        case HTTPLocalRateLimitPolicy():
            return [("rate-limits", namespace, resource.spec.target_ref.name), ("reported", resource.kind)]
        case _:
            return [_policy_key(resource)]


def _policy_key(policy: AuthorizationPolicy | MeshTLSAuthentication | NetworkAuthentication) -> Key:
    namespace, name = policy.metadata.namespace, policy.metadata.name
    match policy:
        case AuthorizationPolicy():
            target = policy.spec.target_ref
            return ("authorizations", namespace, f"{target.kind}.{_core(target.group)}", target.name)
        case MeshTLSAuthentication():
            return ("mesh-tls", namespace, name)
        case NetworkAuthentication():
            return ("network", namespace, name)


@lru_cache(maxsize=1 << 16)
def canonical(address: str) -> str:
    """An address as questions have it; empty for a text that is none."""
    try:
        return str(ip_address(address))
    except ValueError:
        return ""


def _places(pod: Pod) -> Iterator[Key]:
    """Where the Pod is found: at its own addresses, and at ports of its machine that lead to it."""
    status = pod.status
    if status.phase in GONE_PHASES:
        return
    if not pod.spec.host_network:
        # The addresses of the others are their machine's: nobody is there alone, but at a port.
        yield from (("pod-at", ip) for ip in map(canonical, status.addresses) if ip)
    hosts = status.host_addresses or (status.addresses if pod.spec.host_network else ())
    for port in pod.host_ports:
        yield from (("pod-at-host", ip, str(port)) for ip in map(canonical, hosts) if ip)


def _core(group: str) -> str:
    """Both spellings of the group without a name."""
    return "" if group == "core" else group
