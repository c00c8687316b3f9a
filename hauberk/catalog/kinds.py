"""Under which keys each kind is filed. A kind that is not here is not needed to answer a proxy."""

from collections.abc import Iterable, Iterator

import msgspec

from hauberk.catalog.index import Key
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.endpointslice import EndpointSlice
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import NetworkAuthentication
from hauberk.model.pod import Pod
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
)
"""What the catalog needs, as group and kind."""

Name = tuple[str, str, str, str]
"""Group, kind, namespace and name of a resource, whatever its version."""

SERVICE_NAME_LABEL = "kubernetes.io/service-name"

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
    resource = msgspec.structs.replace(
        resource, metadata=msgspec.structs.replace(resource.metadata, resource_version="", generation=0)
    )
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
            return [("service", namespace, name), *(("service-at", ip) for ip in _virtual_addresses(resource))]
        case Pod():
            return [("pod", namespace, name), *(("pod-at", ip) for ip in _addresses(resource))]
        case EndpointSlice():
            service = resource.metadata.labels.get(SERVICE_NAME_LABEL)
            return [("slices", namespace, service)] if service else []
        case Server():
            opaque = [("opaque-servers", namespace)] if resource.spec.proxy_protocol == "opaque" else []
            return [("servers", namespace), *opaque]
        case HTTPRoute():
            return [
                ("routes", parent.kind, parent.namespace or namespace, parent.name)
                for parent in resource.spec.parent_refs
            ]
        case _:
            return [_policy_key(resource)]


def _policy_key(
    policy: AuthorizationPolicy | MeshTLSAuthentication | NetworkAuthentication | HTTPLocalRateLimitPolicy,
) -> Key:
    namespace, name = policy.metadata.namespace, policy.metadata.name
    match policy:
        case AuthorizationPolicy():
            target = policy.spec.target_ref
            return ("authorizations", namespace, f"{target.kind}.{_core(target.group)}", target.name)
        case HTTPLocalRateLimitPolicy():
            return ("rate-limits", namespace, policy.spec.target_ref.name)
        case MeshTLSAuthentication():
            return ("mesh-tls", namespace, name)
        case NetworkAuthentication():
            return ("network", namespace, name)


def _virtual_addresses(service: Service) -> Iterator[str]:
    for ip in dict.fromkeys((service.spec.cluster_ip, *service.spec.cluster_ips)):
        if ip and ip != "None":
            yield ip


def _addresses(pod: Pod) -> Iterator[str]:
    if pod.status.pod_ip and pod.status.phase not in GONE_PHASES:
        yield pod.status.pod_ip


def _core(group: str) -> str:
    """Both spellings of the group without a name."""
    return "" if group == "core" else group
