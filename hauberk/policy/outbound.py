"""A destination → how traffic to it is routed and balanced. Pure: snapshot and question in, answer out."""

from dataclasses import dataclass

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, service_of
from hauberk.catalog.ports import service_port, service_protocol
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.httproute import HTTPBackendRef, HTTPRoute, HTTPRouteRule
from hauberk.model.service import Service
from hauberk.policy import route as routes
from hauberk.policy.outbound_policy import (
    Backend,
    Balance,
    Forward,
    Nowhere,
    OpaqueRoute,
    OutboundPolicy,
    OutboundRoute,
    OutboundRule,
)
from hauberk.policy.routing import EVERY_PATH, Default, Fail, Meta, Resource

CORE = "core"
"""How the contract spells the group of Services."""

EGRESS_FALLBACK = Default("egress-fallback")
UNDEFINED_PORT = Default("undefined-port")
INVALID = Default("invalid")


@dataclass(frozen=True, slots=True)
class Question:
    authority: Authority
    namespace: str
    """The client's own: routes that it made for itself hold for its workloads only."""
    capabilities: frozenset[str] = frozenset()
    """Of those that can change an answer, the ones that the asking proxy has."""


def outbound(mesh: Mesh, snapshot: Snapshot, question: Question) -> OutboundPolicy | Refusal:
    """The policy of the destination at this moment."""
    authority = question.authority
    ip = authority.ip
    if ip is None:
        name = service_of(authority.host, mesh.cluster_domain, short=True)
        service = snapshot.service(name.namespace, name.name) if name is not None and not name.instance else None
        if service is None or service.spec.type == "ExternalName":
            return Refusal("not-found", f"{authority.host} is not a Service of the mesh")
        return _service_policy(mesh, snapshot, service, question)
    services = snapshot.services_at(authority.host)
    if services:
        return _service_policy(mesh, snapshot, services[0], question)
    if mesh.contains(ip):
        return Refusal("not-found", f"{authority.host} is not a Service; its profile says which workload it is")
    return _egress(authority)


def _service_policy(mesh: Mesh, snapshot: Snapshot, service: Service, question: Question) -> OutboundPolicy:
    number = question.authority.port
    port = service_port(service, number)
    if port is None:
        return OutboundPolicy(
            meta=_service_meta(service, number),
            protocol="opaque",
            routes=(),
            opaque=OpaqueRoute(meta=UNDEFINED_PORT, backend=None),
        )
    protocol = service_protocol(mesh, snapshot, service, port)
    own = _balancer(mesh, service, number)
    return OutboundPolicy(
        meta=own.meta,
        protocol=protocol,
        routes=() if protocol == "opaque" else _routes(mesh, snapshot, service, question, own),
        opaque=OpaqueRoute(meta=Default("opaq"), backend=own) if protocol in ("opaque", "detect") else None,
    )


def _routes(
    mesh: Mesh, snapshot: Snapshot, service: Service, question: Question, own: Backend
) -> tuple[OutboundRoute, ...]:
    namespace, name = service.metadata.namespace, service.metadata.name
    found = tuple(
        OutboundRoute(
            meta=routes.meta_of(route),
            hosts=routes.hosts_of(route),
            rules=tuple(_rule(mesh, snapshot, route, rule, own) for rule in route.spec.rules),
        )
        for route in snapshot.routes("Service", namespace, name)
        if route.metadata.namespace in (namespace, question.namespace) and _is_parent(route, service, question)
    )
    return found or (
        OutboundRoute(meta=Default("http"), rules=(OutboundRule(matches=(EVERY_PATH,), backends=(own,)),)),
    )


def _is_parent(route: HTTPRoute, service: Service, question: Question) -> bool:
    return any(
        reference.kind == "Service"
        and reference.name == service.metadata.name
        and (reference.namespace or route.metadata.namespace) == service.metadata.namespace
        and reference.port in (None, question.authority.port)
        for reference in route.spec.parent_refs
    )


def _rule(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute, rule: HTTPRouteRule, own: Backend) -> OutboundRule:
    timeout = rule.timeouts.request_ms if rule.timeouts is not None else None
    matches, filters = routes.matches_of(rule), routes.filters_of(rule.filters)
    if not rule.backend_refs:
        return OutboundRule(matches, (own,), filters, request_timeout_ms=timeout)
    # Backends without weight get no traffic (Gateway API). They are left out here because another make of proxy
    # panics on a choice among none but such, and sends everything to one that stands alone.
    backends = tuple(
        _backend(mesh, snapshot, route, reference) for reference in rule.backend_refs if reference.weight > 0
    )
    if backends:
        return OutboundRule(matches, backends, filters, weighted=True, request_timeout_ms=timeout)
    nobody = _nowhere(INVALID, "no backend of this rule has a weight above 0")
    return OutboundRule(matches, (nobody,), filters, request_timeout_ms=timeout)


def _backend(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute, reference: HTTPBackendRef) -> Backend:
    if reference.group not in ("", CORE) or reference.kind != "Service" or reference.port is None:
        return _nowhere(INVALID, f"backend {reference.name} is not a Service with a port", reference.weight)
    # The route's namespace is the default (Gateway API, BackendObjectReference); another implementation takes the
    # parent's.
    namespace = reference.namespace or route.metadata.namespace
    meta = Resource(CORE, "Service", namespace, reference.name, reference.port)
    service = snapshot.service(namespace, reference.name)
    if service is None:
        return _nowhere(meta, f"Service not found {reference.name}", reference.weight)
    if service.spec.type == "ExternalName" or service_port(service, reference.port) is None:
        return _nowhere(meta, f"Service {reference.name} has no port {reference.port}", reference.weight)
    own = _balancer(mesh, service, reference.port)
    return Backend(own.meta, own.target, reference.weight, routes.filters_of(reference.filters))


def _nowhere(meta: Meta, message: str, weight: int = 1) -> Backend:
    return Backend(meta, Nowhere(), weight, (Fail(500, message),))


def _balancer(mesh: Mesh, service: Service, port: int) -> Backend:
    name = f"{service.metadata.name}.{service.metadata.namespace}.svc.{mesh.cluster_domain}"
    return Backend(_service_meta(service, port), Balance(f"{name}:{port}"))


def _service_meta(service: Service, port: int) -> Resource:
    return Resource(CORE, "Service", service.metadata.namespace, service.metadata.name, port)


def _egress(authority: Authority) -> OutboundPolicy:
    """Traffic to the outside passes through; it is measured under a name of its own."""
    backend = Backend(EGRESS_FALLBACK, Forward(authority.host, authority.port))
    return OutboundPolicy(
        meta=EGRESS_FALLBACK,
        protocol="detect",
        routes=(OutboundRoute(EGRESS_FALLBACK, (OutboundRule((EVERY_PATH,), (backend,)),)),),
        opaque=OpaqueRoute(EGRESS_FALLBACK, backend),
    )
