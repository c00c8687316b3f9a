"""The rules that every kind must keep, beyond its structure. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from hauberk.model import names, policy_rules, rate_rules
from hauberk.model.annotations import annotation_problems
from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.grpc_route_rules import grpc_route
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.http_route_rules import http_route
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.kinds import Kind
from hauberk.model.meshtlsauthentication import MeshTLSAuthentication
from hauberk.model.namespace import Namespace
from hauberk.model.networkauthentication import NetworkAuthentication
from hauberk.model.problem import Problem, Problems
from hauberk.model.resource import Resource
from hauberk.model.server import Server
from hauberk.model.service import HEADLESS, Service, ServiceSpec

_PORTS_MAX = 256


def problems_of(resource: Resource, kind: Kind) -> Problems:
    """Everything that is wrong with a resource of the kind."""
    yield from _metadata(resource, kind)
    yield from annotation_problems(resource)
    rule = _RULES.get(type(resource))
    if rule is not None:
        yield from rule(resource)


def _metadata(resource: Resource, kind: Kind) -> Problems:
    meta = resource.metadata
    check = {"Namespace": names.label, "Service": names.service_name}.get(kind.kind, names.subdomain)
    yield from check("metadata.name", meta.name)
    if kind.namespaced:
        yield from names.label("metadata.namespace", meta.namespace)
    elif meta.namespace:
        yield Problem("metadata.namespace", f"a {kind.kind} is in no namespace", "leave it out")
    yield from names.labels("metadata.labels", meta.labels)
    yield from names.annotations("metadata.annotations", meta.annotations)


def _namespace(namespace: Namespace) -> Problems:
    for finalizer in namespace.spec.finalizers:
        if finalizer != "kubernetes":
            yield names.not_yet("spec.finalizers", f"finalizer {finalizer}", "leave it out")


def _service(service: Service) -> Problems:
    spec = service.spec
    yield from _only("spec.type", spec.type, ("ClusterIP",), ("NodePort", "LoadBalancer", "ExternalName"))
    yield from _only("spec.sessionAffinity", spec.session_affinity, ("None",), ("ClientIP",))
    yield from _only("spec.internalTrafficPolicy", spec.internal_traffic_policy, ("Cluster",), ("Local",))
    if spec.publish_not_ready_addresses:
        yield names.not_yet("spec.publishNotReadyAddresses", "true", "programs are called when they are ready")
    yield from _only(
        "spec.ipFamilyPolicy", spec.ip_family_policy, ("SingleStack", "PreferDualStack"), ("RequireDualStack",)
    )
    for index, family in enumerate(spec.ip_families):
        yield from _only(f"spec.ipFamilies[{index}]", family, ("IPv4",), ("IPv6",))
    yield from names.labels("spec.selector", spec.selector)
    yield from _addresses(spec)
    yield from _ports(spec)


def _addresses(spec: ServiceSpec) -> Problems:
    if spec.cluster_ip and spec.cluster_ip != HEADLESS:
        yield from names.address("spec.clusterIP", spec.cluster_ip)
    if len(spec.cluster_ips) > 1:
        yield names.not_yet("spec.clusterIPs", "more than one address")
    elif spec.cluster_ips and spec.cluster_ips[0] != spec.cluster_ip:
        yield Problem("spec.clusterIPs[0]", f"{spec.cluster_ips[0]!r} is not clusterIP, {spec.cluster_ip!r}")


def _ports(spec: ServiceSpec) -> Problems:
    if not spec.ports and not spec.headless:
        yield Problem("spec.ports", "has no port")
    if len(spec.ports) > _PORTS_MAX:
        yield Problem("spec.ports", f"has more than {_PORTS_MAX} ports")
    for index, port in enumerate(spec.ports):
        place = f"spec.ports[{index}]"
        yield from names.port(f"{place}.port", port.port)
        yield from _only(f"{place}.protocol", port.protocol, ("TCP",), ("UDP", "SCTP"))
        if port.target_port is not None:
            yield from names.port_or_name(f"{place}.targetPort", port.target_port)
        if port.name:
            yield from names.label(f"{place}.name", port.name)
        elif len(spec.ports) > 1:
            yield Problem(f"{place}.name", "is required where there are several ports")
        if port.app_protocol is not None and not names.is_qualified(port.app_protocol):
            yield Problem(f"{place}.appProtocol", f"{port.app_protocol!r} is not the name of a protocol")
    yield from _twice("spec.ports", "name", (port.name for port in spec.ports if port.name))
    yield from _twice("spec.ports", "port", (port.port for port in spec.ports))


def _only(field: str, value: str, honoured: tuple[str, ...], known: tuple[str, ...]) -> Problems:
    """A word that others honour is refused by name, one that nobody knows as nonsense."""
    if value in known:
        yield names.not_yet(field, value, f"honoured: {', '.join(honoured)}")
    else:
        yield from names.one_of(field, value, honoured)


def _twice(field: str, what: str, values: Iterable[object]) -> Problems:
    for value, count in Counter(values).items():
        if count > 1:
            yield Problem(field, f"{what} {value} is there {count} times")


_RULES: dict[type[Resource], Callable[[Any], Problems]] = {
    Namespace: _namespace,
    Service: _service,
    Server: policy_rules.server,
    AuthorizationPolicy: policy_rules.authorization_policy,
    MeshTLSAuthentication: policy_rules.mesh_tls_authentication,
    NetworkAuthentication: policy_rules.network_authentication,
    HTTPLocalRateLimitPolicy: rate_rules.http_local_rate_limit_policy,
    HTTPRoute: http_route,
    GRPCRoute: grpc_route,
}
