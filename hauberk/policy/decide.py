"""A workload's port → who may talk to it, and how its bytes are read. Pure: snapshot and question in, answer out."""

from dataclasses import dataclass

from hauberk.catalog.attaching import routes_of_server
from hauberk.catalog.kinds import POLICY_GROUP, order
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import REQUIRE_IDENTITY_PORTS, name_of, parse_ports, pod_port_is_opaque
from hauberk.catalog.proxied import CONTROL_PLANE_NS
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.selecting import server_of
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.grpcroute import GRPCRoute, GRPCRouteFilter
from hauberk.model.honoured import recognisable
from hauberk.model.httproute import HTTPRoute, HTTPRouteFilter
from hauberk.model.pod import Pod
from hauberk.model.server import Server
from hauberk.policy import route as routes
from hauberk.policy.authorization import DEFAULT_POLICIES, authorizations, default_authorizations
from hauberk.policy.inbound_policy import InboundRoute, InboundRule, Protocol, ServerPolicy
from hauberk.policy.probe import probe_route
from hauberk.policy.rate import rate_limit_of
from hauberk.policy.routing import EVERY_PATH, CallMatch, Default, Fail, Filter, ModifyHeaders, RequestMatch, Resource

DEFAULT_POLICY = "config.linkerd.io/default-inbound-policy"

_PROTOCOLS: dict[str, Protocol] = {
    "unknown": "detect",
    "HTTP/1": "http1",
    "HTTP/2": "http2",
    "gRPC": "grpc",
    "opaque": "opaque",
    "TLS": "tls",
}

_HTTP = ("detect", "http1", "http2")
"""Those with routes of requests and rate limits in the contract."""

_AUTHENTICATED = {
    "all-unauthenticated": "all-authenticated",
    "audit": "all-authenticated",
    "cluster-unauthenticated": "cluster-authenticated",
}
"""What becomes of a default policy on a port that requires identity."""


@dataclass(frozen=True, slots=True)
class Question:
    namespace: str
    pod: str
    port: int
    capabilities: frozenset[str] = frozenset()
    """Of those that can change an answer, the ones that the asking proxy has."""


def decide(mesh: Mesh, snapshot: Snapshot, question: Question) -> ServerPolicy | Refusal:
    """The policy of the port at this moment."""
    pod = snapshot.pod(question.namespace, question.pod)
    if pod is None or not pod.metadata.labels.get(CONTROL_PLANE_NS):
        return Refusal("not-found", f"no pod {question.namespace}/{question.pod} of the mesh is registered")
    server = server_of(snapshot, pod, question.port)
    if server is None:
        return _by_default(mesh, snapshot, pod, question.port)
    return _by_server(mesh, snapshot, server, pod, question.port)


def _by_default(mesh: Mesh, snapshot: Snapshot, pod: Pod, port: int) -> ServerPolicy:
    policy = _default_policy(mesh, snapshot, pod, port)
    opaque = pod_port_is_opaque(mesh, snapshot, pod, port)
    return ServerPolicy(
        meta=Default(policy),
        protocol="opaque" if opaque else "detect",
        authorizations=default_authorizations(mesh, policy),
        routes=() if opaque else _default_routes(mesh, pod, port, "detect"),
    )


def _by_server(mesh: Mesh, snapshot: Snapshot, server: Server, pod: Pod, port: int) -> ServerPolicy:
    namespace, name = server.metadata.namespace, server.metadata.name
    meta = Resource(POLICY_GROUP, "server", namespace, name)
    if server.closed:
        # What it was to allow is not known, and its ports may be others' too: only probes are let in.
        return ServerPolicy(meta, "detect", (), _default_routes(mesh, pod, port, "detect"))
    # A word that this version does not know is read as bytes that are not to be looked at: no route can open them.
    protocol = _PROTOCOLS.get(server.spec.proxy_protocol, "opaque")
    of_server = snapshot.authorizations(namespace, f"Server.{POLICY_GROUP}", name)
    of_namespace = snapshot.authorizations(namespace, "Namespace.", namespace)
    return ServerPolicy(
        meta=meta,
        protocol=protocol,
        authorizations=(
            *authorizations(mesh, snapshot, (*of_server, *of_namespace)),
            *default_authorizations(mesh, server.spec.access_policy),
        ),
        routes=_routes(mesh, snapshot, server, (pod, port), protocol) if protocol in (*_HTTP, "grpc") else (),
        rate_limit=rate_limit_of(mesh, snapshot, server) if protocol in _HTTP else None,
    )


def _default_policy(mesh: Mesh, snapshot: Snapshot, pod: Pod, port: int) -> str:
    namespace = snapshot.namespace(pod.metadata.namespace)
    policy = pod.metadata.annotations.get(DEFAULT_POLICY)
    if policy is None and namespace is not None:
        policy = namespace.metadata.annotations.get(DEFAULT_POLICY)
    if policy is None:
        policy = mesh.default_inbound_policy
    if policy not in DEFAULT_POLICIES:
        # Somebody wanted to restrict something and misspelled it.
        return "deny"
    required = parse_ports(pod.metadata.annotations.get(REQUIRE_IDENTITY_PORTS, ""))
    if required.has(port, name_of(pod, port)):
        return _AUTHENTICATED.get(policy, policy)
    return policy


def _routes(
    mesh: Mesh, snapshot: Snapshot, server: Server, at: tuple[Pod, int], protocol: Protocol
) -> tuple[InboundRoute, ...]:
    """The routes of a Server. Where it reads gRPC, routes of requests have no effect; elsewhere calls are requests."""
    attached = routes_of_server(snapshot, server)
    found: tuple[HTTPRoute | GRPCRoute, ...] = attached.grpc
    if protocol != "grpc":
        found = tuple(sorted((*attached.http, *attached.grpc), key=order))
    if not found:
        return _default_routes(mesh, *at, protocol)
    unreadable = next((route for route in found if not recognisable(route)), None)
    if unreadable is not None:
        # Nobody can tell which requests it means. Without it they would take another route, which may let in more.
        return (_shut(unreadable, protocol),)
    return tuple(_route(mesh, snapshot, route, protocol) for route in found)


def _route(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute | GRPCRoute, protocol: Protocol) -> InboundRoute:
    meta = routes.meta_of(route)
    policies = snapshot.authorizations(meta.namespace, f"{meta.kind}.{meta.group}", meta.name)
    return InboundRoute(
        meta=meta,
        hosts=routes.hosts_of(route),
        authorizations=authorizations(mesh, snapshot, policies),
        rules=_rules(route, protocol),
    )


def _rules(route: HTTPRoute | GRPCRoute, protocol: Protocol) -> tuple[InboundRule, ...]:
    if isinstance(route, HTTPRoute):
        return tuple(InboundRule(routes.requests_of(rule), _filters(rule.filters)) for rule in route.spec.rules)
    matches = routes.calls_of if protocol == "grpc" else routes.calls_as_requests
    return tuple(InboundRule(matches(rule), _filters(rule.filters)) for rule in route.spec.rules)


def _filters(filters: tuple[HTTPRouteFilter | GRPCRouteFilter, ...]) -> tuple[Filter, ...]:
    return tuple(map(_inbound_filter, routes.filters_of(filters)))


def _inbound_filter(of: Filter) -> Filter:
    if isinstance(of, ModifyHeaders) and of.of == "response":
        return Fail(500, "a route of a Server cannot modify response headers; do so on a route of the Service")
    return of


def _shut(route: HTTPRoute | GRPCRoute, protocol: Protocol) -> InboundRoute:
    refusal = Fail(500, f"{route.kind} {route.metadata.name} has matches that nobody understands: see its status")
    return InboundRoute(meta=routes.meta_of(route), rules=(InboundRule(_everything(protocol), (refusal,)),))


def _everything(protocol: Protocol) -> tuple[RequestMatch, ...] | tuple[CallMatch, ...]:
    return (CallMatch(),) if protocol == "grpc" else (EVERY_PATH,)


def _default_routes(mesh: Mesh, pod: Pod, port: int, protocol: Protocol) -> tuple[InboundRoute, ...]:
    default = InboundRoute(meta=Default("default"), rules=(InboundRule(_everything(protocol)),))
    probe = probe_route(mesh, pod, port, of_calls=protocol == "grpc")
    return (default, probe) if probe is not None else (default,)
