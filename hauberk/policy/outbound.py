"""A destination → how traffic to it is routed and balanced. Pure: snapshot and question in, answer out."""

from dataclasses import dataclass

from hauberk.catalog.attaching import routes_of_port
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, service_of
from hauberk.catalog.ports import service_port, service_protocol
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.grpcroute import GRPCRoute, GRPCRouteRule
from hauberk.model.httproute import HTTPRoute, HTTPRouteRule
from hauberk.model.service import Service, ServicePort
from hauberk.policy import route as routes
from hauberk.policy.backend import backends_of, balancer, service_meta
from hauberk.policy.outbound_policy import Backend, Forward, OpaqueRoute, OutboundPolicy, OutboundRoute, OutboundRule
from hauberk.policy.routing import EVERY_PATH, Default

EGRESS_FALLBACK = Default("egress-fallback")
UNDEFINED_PORT = Default("undefined-port")


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
    if _is_workload(mesh, snapshot, authority):
        return Refusal("not-found", f"{authority.host} is not a Service; its profile says which workload it is")
    return _egress(authority)


def _is_workload(mesh: Mesh, snapshot: Snapshot, authority: Authority) -> bool:
    """Whether the address is one of the mesh's networks, or leads to a Pod wherever that is."""
    if authority.ip is not None and mesh.contains(authority.ip):
        return True
    host = authority.host
    return snapshot.pod_at(host) is not None or snapshot.pod_at_host(host, authority.port) is not None


def _service_policy(mesh: Mesh, snapshot: Snapshot, service: Service, question: Question) -> OutboundPolicy:
    number = question.authority.port
    port = service_port(service, number)
    if port is None:
        return OutboundPolicy(
            meta=service_meta(service, number),
            protocol="opaque",
            routes=(),
            opaque=OpaqueRoute(meta=UNDEFINED_PORT, backend=None),
        )
    own = balancer(mesh, service, number)
    attached = routes_of_port(mesh, snapshot, service, port, question.namespace)
    if attached.grpc:
        calls = tuple(_grpc_route(mesh, snapshot, route, own) for route in attached.grpc)
        return OutboundPolicy(meta=own.meta, protocol="grpc", routes=calls, opaque=None)
    return _http_policy(mesh, snapshot, (service, port), attached.http, own)


def _http_policy(
    mesh: Mesh, snapshot: Snapshot, at: tuple[Service, ServicePort], attached: tuple[HTTPRoute, ...], own: Backend
) -> OutboundPolicy:
    protocol = service_protocol(mesh, snapshot, *at)
    found = tuple(_http_route(mesh, snapshot, route, own) for route in attached)
    default = OutboundRoute(meta=Default("http"), rules=(OutboundRule(matches=(EVERY_PATH,), backends=(own,)),))
    return OutboundPolicy(
        meta=own.meta,
        protocol=protocol,
        routes=() if protocol == "opaque" else found or (default,),
        opaque=OpaqueRoute(meta=Default("opaq"), backend=own) if protocol in ("opaque", "detect") else None,
    )


def _http_route(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute, own: Backend) -> OutboundRoute:
    return OutboundRoute(
        meta=routes.meta_of(route),
        hosts=routes.hosts_of(route),
        rules=tuple(_http_rule(mesh, snapshot, route, rule, own) for rule in route.spec.rules),
    )


def _http_rule(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute, rule: HTTPRouteRule, own: Backend) -> OutboundRule:
    namespace = route.metadata.namespace
    return OutboundRule(
        matches=routes.requests_of(rule),
        backends=backends_of(mesh, snapshot, namespace, rule.backend_refs) if rule.backend_refs else (own,),
        filters=routes.filters_of(rule.filters),
        weighted=_is_weighted(rule),
        request_timeout_ms=rule.timeouts.limit_ms if rule.timeouts is not None else None,
    )


def _grpc_route(mesh: Mesh, snapshot: Snapshot, route: GRPCRoute, own: Backend) -> OutboundRoute:
    namespace = route.metadata.namespace
    return OutboundRoute(
        meta=routes.meta_of(route),
        hosts=routes.hosts_of(route),
        rules=tuple(
            OutboundRule(
                matches=routes.calls_of(rule),
                backends=backends_of(mesh, snapshot, namespace, rule.backend_refs) if rule.backend_refs else (own,),
                filters=routes.filters_of(rule.filters),
                weighted=_is_weighted(rule),
            )
            for rule in route.spec.rules
        ),
    )


def _is_weighted(rule: HTTPRouteRule | GRPCRouteRule) -> bool:
    """Whether there is a choice to make: by weights, of those that have one."""
    return any(reference.weight > 0 for reference in rule.backend_refs)


def _egress(authority: Authority) -> OutboundPolicy:
    """Traffic to the outside passes through; it is measured under a name of its own."""
    backend = Backend(EGRESS_FALLBACK, Forward(authority.host, authority.port))
    return OutboundPolicy(
        meta=EGRESS_FALLBACK,
        protocol="detect",
        routes=(OutboundRoute(EGRESS_FALLBACK, (OutboundRule((EVERY_PATH,), (backend,)),)),),
        opaque=OpaqueRoute(EGRESS_FALLBACK, backend),
    )
