"""A workload's port → who may talk to it, and how its bytes are read. Pure: snapshot and question in, answer out."""

from dataclasses import dataclass

from hauberk.catalog.kinds import POLICY_GROUP
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.ports import (
    CONTROL_PLANE_NS,
    REQUIRE_IDENTITY_PORTS,
    name_of,
    parse_ports,
    pod_port_is_opaque,
)
from hauberk.catalog.refusal import Refusal
from hauberk.catalog.selecting import server_of
from hauberk.catalog.snapshot import Snapshot
from hauberk.model.httproute import HTTPRoute
from hauberk.model.pod import Pod
from hauberk.model.server import Server
from hauberk.policy import route as routes
from hauberk.policy.authorization import DEFAULT_POLICIES, authorizations, default_authorizations
from hauberk.policy.inbound_policy import (
    Authorization,
    InboundRoute,
    InboundRule,
    Network,
    Protocol,
    ServerPolicy,
    Unauthenticated,
)
from hauberk.policy.rate import rate_limit_of
from hauberk.policy.routing import EVERY_PATH, Default, Fail, Filter, Match, ModifyHeaders, RequestMatch, Resource

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
"""Those with routes and rate limits in the contract."""

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
        routes=() if opaque else _default_routes(mesh, pod, port),
    )


def _by_server(mesh: Mesh, snapshot: Snapshot, server: Server, pod: Pod, port: int) -> ServerPolicy:
    namespace, name = server.metadata.namespace, server.metadata.name
    # A word that this version does not know is read as bytes that are not to be looked at: no route can open them.
    protocol = _PROTOCOLS.get(server.spec.proxy_protocol, "opaque")
    of_server = snapshot.authorizations(namespace, f"Server.{POLICY_GROUP}", name)
    of_namespace = snapshot.authorizations(namespace, "Namespace.", namespace)
    return ServerPolicy(
        meta=Resource(POLICY_GROUP, "server", namespace, name),
        protocol=protocol,
        authorizations=(
            *authorizations(mesh, snapshot, (*of_server, *of_namespace)),
            *default_authorizations(mesh, server.spec.access_policy),
        ),
        routes=_routes(mesh, snapshot, server, pod, port) if protocol in _HTTP else (),
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


def _routes(mesh: Mesh, snapshot: Snapshot, server: Server, pod: Pod, port: int) -> tuple[InboundRoute, ...]:
    attached = snapshot.routes("Server", server.metadata.namespace, server.metadata.name)
    # A route of another namespace would open a Server by that namespace's authorizations.
    own = [route for route in attached if route.metadata.namespace == server.metadata.namespace]
    if not own:
        return _default_routes(mesh, pod, port)
    return tuple(_route(mesh, snapshot, route) for route in own)


def _route(mesh: Mesh, snapshot: Snapshot, route: HTTPRoute) -> InboundRoute:
    meta = routes.meta_of(route)
    policies = snapshot.authorizations(meta.namespace, f"HTTPRoute.{meta.group}", meta.name)
    return InboundRoute(
        meta=meta,
        hosts=routes.hosts_of(route),
        authorizations=authorizations(mesh, snapshot, policies),
        rules=tuple(
            InboundRule(routes.matches_of(rule), tuple(map(_inbound_filter, routes.filters_of(rule.filters))))
            for rule in route.spec.rules
        ),
    )


def _inbound_filter(of: Filter) -> Filter:
    if isinstance(of, ModifyHeaders) and of.of == "response":
        return Fail(500, "a route of a Server cannot modify response headers; do so on a route of the Service")
    return of


def _default_routes(mesh: Mesh, pod: Pod, port: int) -> tuple[InboundRoute, ...]:
    default = InboundRoute(meta=Default("default"), rules=(InboundRule((EVERY_PATH,)),))
    paths = _probe_paths(pod, port)
    if not paths:
        return (default,)
    meta = Default("probe")
    networks = tuple(Network(str(network)) for network in mesh.probe_networks)
    probe = InboundRoute(
        meta=meta,
        authorizations=(Authorization(meta, networks, Unauthenticated()),),
        rules=tuple(InboundRule((RequestMatch(path=Match("exact", path), method="GET"),)) for path in paths),
    )
    return (default, probe)


def _probe_paths(pod: Pod, port: int) -> tuple[str, ...]:
    paths: list[str] = []
    for container in pod.spec.containers:
        for probe in (container.liveness_probe, container.readiness_probe, container.startup_probe):
            if probe is None or probe.http_get is None:
                continue
            at = probe.http_get.port
            if at == port or (isinstance(at, str) and name_of(pod, port) == at):
                paths.append(probe.http_get.path or "/")
    return tuple(dict.fromkeys(paths))
