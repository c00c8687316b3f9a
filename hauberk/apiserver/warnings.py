"""What is valid but does nothing as things are: said in `Warning` headers when it is written. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hauberk.model.authorizationpolicy import AuthorizationPolicy
from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.model.kinds import Resource
from hauberk.model.pod import Pod
from hauberk.model.route import BackendReference, ParentReference
from hauberk.model.server import Server
from hauberk.model.service import Service


@dataclass(frozen=True)
class Surroundings:
    """What there is beside the object: the Pods, and by kind, namespace and name everything that may be named."""

    pods: Collection[Pod]
    named: Mapping[tuple[str, str, str], Resource]


def warnings_for(resource: Resource, around: Surroundings) -> Sequence[str]:
    """Return what the author should know; empty where nothing is odd."""
    match resource:
        case Server():
            return _server(resource, around)
        case AuthorizationPolicy():
            return _authorization(resource, around)
        case HTTPRoute() | GRPCRoute():
            return _route(resource, around)
        case HTTPLocalRateLimitPolicy():
            return _rate_limit(resource, around)
    return ()


def _server(server: Server, around: Surroundings) -> list[str]:
    namespace, name, selector = server.metadata.namespace, server.metadata.name, server.spec.pod_selector
    if selector is None:
        return []
    selected = [
        pod for pod in around.pods if pod.metadata.namespace == namespace and selector.matches(pod.metadata.labels)
    ]
    if not selected:
        return [f"Server {name} selects nothing: no Pod of namespace {namespace} has these labels"]
    port = server.spec.port
    declared = {p.name for pod in selected for container in pod.lasting for p in container.ports}
    if isinstance(port, str) and port not in declared:
        return [f"Server {name} selects nothing: none of the Pods that it selects has a port named {port}"]
    return []


def _authorization(policy: AuthorizationPolicy, around: Surroundings) -> list[str]:
    namespace, target = policy.metadata.namespace, policy.spec.target_ref
    where = "" if target.kind == "Namespace" else namespace
    found = [_missing(policy, target.kind, where, target.name, around)]
    found += [
        _missing(policy, reference.kind, reference.namespace or namespace, reference.name, around)
        for reference in policy.spec.required_authentication_refs
    ]
    return [warning for warning in found if warning]


def _rate_limit(policy: HTTPLocalRateLimitPolicy, around: Surroundings) -> list[str]:
    namespace, target = policy.metadata.namespace, policy.spec.target_ref
    server = around.named.get((target.kind, namespace, target.name))
    if isinstance(server, Server) and server.spec.proxy_protocol in ("opaque", "TLS", "gRPC"):
        return [f"Server {target.name} reads {server.spec.proxy_protocol}: rate limits have no effect on it"]
    missing = _missing(policy, target.kind, namespace, target.name, around)
    others = [
        other.metadata.name
        for other in around.named.values()
        if isinstance(other, HTTPLocalRateLimitPolicy)
        and (other.metadata.namespace, other.spec.target_ref.name) == (namespace, target.name)
        and other.metadata.name != policy.metadata.name
    ]
    older = [f"Server {target.name} has rate limits already: of {', '.join(others)} and this one the oldest holds"]
    return [missing] if missing else older if others else []


def _route(route: HTTPRoute | GRPCRoute, around: Surroundings) -> list[str]:
    namespace = route.metadata.namespace
    found = [
        _missing(route, parent.kind, parent.namespace or namespace, parent.name, around)
        for parent in route.spec.parent_refs
    ]
    found += [_useless(route, parent, around.named.get(_place(parent, namespace))) for parent in route.spec.parent_refs]
    for backend in (backend for rule in route.spec.rules for backend in rule.backend_refs):
        found.append(_missing(route, backend.kind, backend.namespace or namespace, backend.name, around))
        found.append(_portless(backend, around.named.get(_place(backend, namespace))))
    return [warning for warning in dict.fromkeys(found) if warning]


def _place(of: ParentReference | BackendReference, namespace: str) -> tuple[str, str, str]:
    return (of.kind, of.namespace or namespace, of.name)


def _useless(route: HTTPRoute | GRPCRoute, reference: ParentReference, parent: Resource | None) -> str:
    """Why the route has no effect on a parent that there is."""
    unread = ("opaque", "TLS", "gRPC") if isinstance(route, HTTPRoute) else ("opaque", "TLS")
    match parent:
        case Server() if parent.spec.proxy_protocol in unread:
            return f"Server {reference.name} reads {parent.spec.proxy_protocol}: {route.kind}s have no effect on it"
        case Service() if parent.spec.headless:
            return f"Service {reference.name} is headless: its clients address Pods, on which routes have no effect"
    return _portless(reference, parent)


def _portless(reference: ParentReference | BackendReference, named: Resource | None) -> str:
    if not isinstance(named, Service) or reference.port in (None, *(port.port for port in named.spec.ports)):
        return ""
    return f"Service {reference.name} has no port {reference.port}"


def _missing(resource: Resource, kind: str, namespace: str, name: str, around: Surroundings) -> str:
    if (kind, namespace, name) in around.named:
        return ""
    where = f" in namespace {namespace}" if namespace else ""
    return f"{type(resource).__name__} {resource.metadata.name} names {kind} {name}, which does not exist{where} (yet)"
