from dataclasses import replace
from typing import Any

import pytest
import strict
from resources import load, pod
from world import World

from hauberk._api.linkerd import inbound_pb2
from hauberk.model.metadata import UNREADABLE
from hauberk.model.server import EVERY_PORT
from hauberk.policy import wire
from hauberk.policy.decide import Question, decide
from hauberk.policy.inbound_policy import EVERYWHERE, Authorization, Identities, ServerPolicy, Unauthenticated
from hauberk.policy.routing import CallMatch, Default, Fail, Match, RequestMatch, Resource

V1 = "policy.linkerd.io/v1alpha1"
GROUP = "policy.linkerd.io"


@pytest.fixture
def world() -> World:
    world = World()
    world.put(pod("web-1", "10.77.0.1", labels={"app": "web"}, ports={"http": 8080}))
    return world


def decided(world: World, port: int = 8080) -> ServerPolicy:
    answer = decide(world.mesh, world.snapshot, Question("default", "web-1", port))
    assert isinstance(answer, ServerPolicy)
    return answer


def put(
    world: World, kind: str, name: str, spec: dict[str, Any], *, version: str = V1, namespace: str = "default"
) -> None:
    metadata = {"name": name, "namespace": namespace}
    world.put(load({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}))


def server(world: World, **spec: Any) -> None:
    put(world, "Server", "web", {"podSelector": {}, "port": 8080, **spec}, version="policy.linkerd.io/v1beta3")


def allow(world: World, *references: dict[str, str]) -> None:
    target = {"group": GROUP, "kind": "Server", "name": "web"}
    spec = {"targetRef": target, "requiredAuthenticationRefs": list(references)}
    put(world, "AuthorizationPolicy", "allow", spec)


@pytest.mark.parametrize(
    ("word", "protocol"),
    [
        ("unknown", "detect"),
        ("HTTP/1", "http1"),
        ("HTTP/2", "http2"),
        ("gRPC", "grpc"),
        ("opaque", "opaque"),
        ("TLS", "tls"),
    ],
)
def test_a_server_says_how_its_port_is_read(world: World, word: str, protocol: str) -> None:
    server(world, proxyProtocol=word)
    assert decided(world).protocol == protocol


def test_a_server_of_another_port_or_pod_has_no_effect(world: World) -> None:
    server(world, port=8081)
    put(
        world,
        "Server",
        "other",
        {"podSelector": {"matchLabels": {"app": "x"}}, "port": 8080},
        version=f"{GROUP}/v1beta3",
    )
    assert decided(world).meta == Default("all-unauthenticated")


def test_a_pod_without_a_proxy_has_no_policy(world: World) -> None:
    world.put(pod("web-1", "10.77.0.1", meshed=False))
    assert not isinstance(decide(world.mesh, world.snapshot, Question("default", "web-1", 8080)), ServerPolicy)


@pytest.mark.parametrize(
    ("policy", "clients"),
    [
        ("all-unauthenticated", Unauthenticated()),
        ("all-authenticated", Identities(suffixes=((),))),
        ("cluster-unauthenticated", Unauthenticated()),
        ("cluster-authenticated", Identities(suffixes=((),))),
        ("audit", Unauthenticated()),
    ],
)
def test_the_access_policy_of_a_server_is_added_to_its_authorizations(
    world: World, policy: str, clients: Unauthenticated | Identities
) -> None:
    server(world, accessPolicy=policy)
    (authorization,) = decided(world).authorizations
    assert authorization.clients == clients
    assert authorization.meta == Default(policy)
    assert (authorization.networks == EVERYWHERE) == (not policy.startswith("cluster-"))


def test_a_policy_without_requirements_admits_anyone(world: World) -> None:
    server(world)
    allow(world)
    (authorization,) = decided(world).authorizations
    assert authorization.clients == Unauthenticated()
    assert authorization.networks == EVERYWHERE


def identities(world: World) -> Identities:
    (authorization,) = decided(world).authorizations
    assert isinstance(authorization.clients, Identities)
    return authorization.clients


def test_identities_may_be_named_exactly_by_suffix_or_by_reference(world: World) -> None:
    server(world)
    allow(world, {"group": GROUP, "kind": "MeshTLSAuthentication", "name": "them", "namespace": "ops"})
    put(world, "MeshTLSAuthentication", "them", {"identities": ["*", "*.a.b", "c.d"]}, namespace="ops")
    assert identities(world) == Identities(names=("c.d",), suffixes=((), ("a", "b")))
    references = [
        {"kind": "ServiceAccount", "name": "sa"},
        {"kind": "ServiceAccount", "name": "sa", "namespace": "other"},
        {"kind": "Namespace", "name": "all-of-it"},
    ]
    put(world, "MeshTLSAuthentication", "them", {"identityRefs": references}, namespace="ops")
    suffix = "serviceaccount.identity.hauberk.cluster.local"
    assert identities(world) == Identities(
        names=(f"sa.ops.{suffix}", f"sa.other.{suffix}"), suffixes=(("all-of-it", *suffix.split(".")),)
    )


def test_an_account_is_admitted_in_a_fellow_mesh_too(world: World) -> None:
    world.mesh = replace(world.mesh, fellows=("linkerd",))
    server(world)
    allow(world, {"kind": "ServiceAccount", "name": "sa"})
    ours, theirs = (f"serviceaccount.identity.{mesh}.cluster.local" for mesh in ("hauberk", "linkerd"))
    assert identities(world) == Identities(names=(f"sa.default.{ours}", f"sa.default.{theirs}"))
    allow(world, {"group": GROUP, "kind": "MeshTLSAuthentication", "name": "all"})
    put(world, "MeshTLSAuthentication", "all", {"identityRefs": [{"kind": "Namespace", "name": "shop"}]})
    assert identities(world) == Identities(suffixes=tuple(("shop", *of.split(".")) for of in (ours, theirs)))


@pytest.mark.parametrize(
    "references",
    [
        [{"kind": "MeshTLSAuthentication", "name": "missing"}],
        [{"kind": "NetworkAuthentication", "name": "missing"}],
        [{"kind": "ServiceAccount", "name": "a"}, {"kind": "ServiceAccount", "name": "b"}],
        [{"kind": "Secret", "name": "a"}],
    ],
)
def test_what_cannot_be_resolved_admits_nobody(world: World, references: list[dict[str, str]]) -> None:
    server(world)
    allow(world, *references)
    assert decided(world).authorizations == ()


def test_an_http_probe_is_let_in_beside_the_default_route(world: World) -> None:
    probes = {
        "livenessProbe": {"httpGet": {"port": 8080, "path": "/live"}},
        "readinessProbe": {"httpGet": {"port": "http", "path": "/ready"}},
        "startupProbe": {"httpGet": {"port": 9999, "path": "/elsewhere"}},
    }
    container = {"name": "program", "ports": [{"name": "http", "containerPort": 8080}], **probes}
    labels = {"linkerd.io/control-plane-ns": "hauberk"}
    metadata = {"name": "web-1", "labels": labels}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}))
    server(world)
    default, probe = decided(world).routes
    assert default.authorizations == ()
    assert [rule.matches[0].path and rule.matches[0].path.value for rule in probe.rules] == ["/live", "/ready"]
    assert [rule.matches[0].method for rule in probe.rules] == ["GET", "GET"]
    assert probe.authorizations == (Authorization(Default("probe"), EVERYWHERE, Unauthenticated()),)


def route(world: World, namespace: str = "default", filters: list[dict[str, Any]] | None = None) -> None:
    parent = {"group": GROUP, "kind": "Server", "name": "web", "namespace": "default"}
    spec = {"parentRefs": [parent], "rules": [{"filters": filters or []}]}
    put(world, "HTTPRoute", "route", spec, version=f"{GROUP}/v1beta3", namespace=namespace)


def test_a_route_of_another_namespace_does_not_open_a_server(world: World) -> None:
    server(world)
    route(world, namespace="elsewhere")
    assert [r.meta for r in decided(world).routes] == [Default("default")]


def test_a_filter_that_a_server_cannot_carry_out_answers_an_error(world: World) -> None:
    server(world)
    headers = {"add": [{"name": "x", "value": "y"}]}
    route(world, filters=[{"type": "ResponseHeaderModifier", "responseHeaderModifier": headers}])
    (only,) = decided(world).routes
    (failure,) = only.rules[0].filters
    assert isinstance(failure, Fail)
    assert failure.status == 500


def test_a_port_that_requires_identity_keeps_a_stricter_policy() -> None:
    world = World()
    annotations = {
        "config.linkerd.io/proxy-require-identity-inbound-ports": "8080",
        "config.linkerd.io/default-inbound-policy": "deny",
    }
    world.put(pod("web-1", "10.77.0.1", annotations=annotations))
    assert decided(world).meta == Default("deny")


GRPC_PROBE = {"readinessProbe": {"grpc": {"port": 8080}}, "livenessProbe": {"grpc": {"port": 1}}}
PROXY_PROBES = {
    "startupProbe": {"httpGet": {"port": 4191, "path": "/ready"}},
    "livenessProbe": {"httpGet": {"port": "linkerd-admin", "path": "/live"}},
    "ports": [{"name": "linkerd-admin", "containerPort": 4191}],
}


def kubernetes_pod(world: World, container: dict[str, Any], *init: dict[str, Any]) -> None:
    metadata = {"name": "web-1", "labels": {"app": "web", "linkerd.io/control-plane-ns": "hauberk"}}
    spec = {"containers": [{"name": "web", **container}], "initContainers": list(init)}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}))


def test_probes_of_native_sidecars_are_let_in_and_those_of_init_containers_are_not(world: World) -> None:
    ended = {"name": "setup", "livenessProbe": {"httpGet": {"port": 4191, "path": "/setup"}}}
    kubernetes_pod(world, {}, {"name": "linkerd-proxy", "restartPolicy": "Always", **PROXY_PROBES}, ended)
    _, probe = decided(world, 4191).routes
    paths = {match.path.value for rule in probe.rules for match in requests(rule.matches) if match.path is not None}
    assert paths == {"/ready", "/live"}


def requests(matches: tuple[RequestMatch, ...] | tuple[CallMatch, ...]) -> list[RequestMatch]:
    return [match for match in matches if isinstance(match, RequestMatch)]


@pytest.mark.parametrize(("path", "matched"), [("", "/"), ("live", "/live"), ("/live?deep=1", "/live")])
def test_a_probe_is_recognised_by_what_kubelet_makes_of_its_path(world: World, path: str, matched: str) -> None:
    kubernetes_pod(world, {"livenessProbe": {"httpGet": {"port": 8080, "path": path}}})
    (rule,) = decided(world).routes[1].rules
    assert rule.matches == (RequestMatch(path=Match("exact", matched), method="GET"),)
    strict.check(inbound_pb2.Server.FromString(wire.server(decided(world))))


def test_a_probe_by_grpc_is_let_in_however_the_port_is_read(world: World) -> None:
    kubernetes_pod(world, GRPC_PROBE)
    (rule,) = decided(world).routes[1].rules
    assert rule.matches == (RequestMatch(path=Match("exact", "/grpc.health.v1.Health/Check"), method="POST"),)
    server(world, proxyProtocol="gRPC")
    (rule,) = decided(world).routes[1].rules
    assert rule.matches == (CallMatch("grpc.health.v1.Health", "Check"),)


def grpc_route(world: World, name: str, *matches: dict[str, Any]) -> None:
    parent = {"group": GROUP, "kind": "Server", "name": "web"}
    spec = {"parentRefs": [parent], "rules": [{"matches": list(matches)}]}
    put(world, "GRPCRoute", name, spec, version="gateway.networking.k8s.io/v1")


CALL = {"method": {"service": "a.B", "method": "C"}, "headers": [{"name": "X", "value": "1"}]}
ONE = (("x", Match("exact", "1")),)


def test_a_grpc_server_is_held_to_grpc_routes(world: World) -> None:
    server(world, proxyProtocol="gRPC")
    grpc_route(world, "calls", CALL)
    route(world)
    target = {"group": "gateway.networking.k8s.io", "kind": "GRPCRoute", "name": "calls"}
    put(world, "AuthorizationPolicy", "open", {"targetRef": target, "requiredAuthenticationRefs": []})
    (only,) = decided(world).routes
    assert only.rules[0].matches == (CallMatch("a.B", "C", ONE),)
    assert [authorization.clients for authorization in only.authorizations] == [Unauthenticated()]
    strict.check(inbound_pb2.Server.FromString(wire.server(decided(world))))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ({"service": "a.B", "method": "C"}, Match("exact", "/a.B/C")),
        ({"service": "a.B"}, Match("prefix", "/a.B/")),
        ({"method": "C"}, Match("regex", "/[^/]+/C")),
        (None, Match("prefix", "/")),
    ],
)
def test_elsewhere_calls_are_the_requests_that_they_are(world: World, method: Any, path: Match) -> None:
    server(world)
    grpc_route(world, "calls", {"method": method} if method else {})
    (only,) = decided(world).routes
    assert only.rules[0].matches == (RequestMatch(path=path, method="POST"),)


@pytest.mark.parametrize("protocol", ["unknown", "HTTP/2", "gRPC"])
def test_a_route_that_nobody_understands_shuts_the_port(world: World, protocol: str) -> None:
    server(world, proxyProtocol=protocol, accessPolicy="all-unauthenticated")
    grpc_route(world, "calls", CALL)
    grpc_route(world, "odd", {"method": {"type": "RegularExpression", "method": "C|D"}})
    (only,) = decided(world).routes
    (rule,) = only.rules
    (failure,) = rule.filters
    assert isinstance(failure, Fail)
    assert "odd" in failure.message
    assert rule.matches == ((CallMatch(),) if protocol == "gRPC" else (RequestMatch(path=Match("prefix", "/")),))
    strict.check(inbound_pb2.Server.FromString(wire.server(decided(world))))


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("NetworkAuthentication", {"networks": [{"cidr": "10.0.0.0/8"}, {"cidr": "nonsense"}]}),
        ("NetworkAuthentication", {"networks": []}),
        ("MeshTLSAuthentication", {"identities": ["*.a..b"]}),
        ("MeshTLSAuthentication", {"identities": [f"*.{'a' * 64}.b"]}),
    ],
)
def test_an_authentication_that_makes_no_sense_admits_nobody(world: World, kind: str, spec: dict[str, Any]) -> None:
    server(world)
    put(world, kind, "odd", spec)
    allow(world, {"group": GROUP, "kind": kind, "name": "odd"})
    assert decided(world).authorizations == ()


def test_limits_that_make_no_sense_are_not_those_that_hold(world: World) -> None:
    server(world)
    target = {"group": GROUP, "kind": "Server", "name": "web"}
    put(world, "HTTPLocalRateLimitPolicy", "a", {"targetRef": target, "total": {"requestsPerSecond": -1}})
    assert decided(world).rate_limit is None
    put(world, "HTTPLocalRateLimitPolicy", "b", {"targetRef": target, "total": {"requestsPerSecond": 5}})
    limit = decided(world).rate_limit
    assert limit is not None
    assert limit.total == 5


def test_a_port_has_no_more_authorizations_than_proxies_take(world: World) -> None:
    server(world, accessPolicy="all-authenticated")
    for number in range(1001):
        target = {"group": GROUP, "kind": "Server", "name": "web"}
        put(world, "AuthorizationPolicy", f"a{number}", {"targetRef": target, "requiredAuthenticationRefs": []})
    assert len(decided(world).authorizations) == 1000


@pytest.mark.parametrize("port", [8080, "http", EVERY_PORT])
def test_a_server_that_cannot_be_read_lets_nobody_in_whatever_else_is_said(world: World, port: int | str) -> None:
    spec = {"podSelector": {}, "port": port, "accessPolicy": "all-unauthenticated"}
    metadata = {"name": "web", "namespace": "default", "annotations": {UNREADABLE: "true"}}
    world.put(load({"apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "metadata": metadata, "spec": spec}))
    allow(world)
    answer = decided(world)
    assert answer.authorizations == ()
    assert isinstance(answer.meta, Resource)
    assert (answer.meta.kind, answer.meta.name) == ("server", "web")
    strict.check(inbound_pb2.Server.FromString(wire.server(answer)))
    # Its own word decides how far it reaches.
    assert bool(decided(world, 9999).authorizations) == (port != EVERY_PORT)


def test_a_port_of_number_zero_is_nobodys(world: World) -> None:
    server(world, port=EVERY_PORT)
    assert isinstance(decided(world).meta, Default)


def test_a_route_that_cannot_be_read_shuts_the_port(world: World) -> None:
    server(world, accessPolicy="all-unauthenticated")
    parent = {"group": GROUP, "kind": "Server", "name": "web"}
    metadata = {"name": "odd", "annotations": {UNREADABLE: "true"}}
    spec = {"parentRefs": [parent]}
    world.put(load({"apiVersion": f"{GROUP}/v1beta3", "kind": "HTTPRoute", "metadata": metadata, "spec": spec}))
    (only,) = decided(world).routes
    assert isinstance(only.rules[0].filters[0], Fail)
