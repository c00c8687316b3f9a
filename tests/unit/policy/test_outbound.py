from typing import Any

import pytest
import strict
from resources import load, service
from world import World

from hauberk._api.linkerd import outbound_pb2
from hauberk.catalog.names import Authority
from hauberk.catalog.refusal import Refusal
from hauberk.policy import wire
from hauberk.policy.outbound import Question, outbound
from hauberk.policy.outbound_policy import Backend, Balance, Nowhere, OutboundPolicy, OutboundRule
from hauberk.policy.routing import CallMatch, Fail, Match, ModifyHeaders, Redirect


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80}))
    return world


def policy(world: World) -> OutboundPolicy:
    answer = outbound(world.mesh, world.snapshot, Question(Authority("10.78.0.1", 80), "default"))
    assert isinstance(answer, OutboundPolicy)
    wire.outbound(answer)
    return answer


def rule(world: World, spec: dict[str, Any], parent: dict[str, Any] | None = None) -> OutboundRule:
    reference = {"group": "", "kind": "Service", "name": "web", **(parent or {})}
    world.put(
        load(
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "metadata": {"name": "route"},
                "spec": {"parentRefs": [reference], "rules": [spec]},
            }
        )
    )
    return policy(world).routes[0].rules[0]


def test_a_route_for_another_port_has_no_effect(world: World) -> None:
    assert rule(world, {"backendRefs": [{"name": "x", "port": 1}]}, {"port": 81}).weighted is False


@pytest.mark.parametrize(
    "reference",
    [
        {"kind": "Secret", "name": "x", "port": 80},
        {"group": "example.com", "kind": "Service", "name": "x", "port": 80},
        {"kind": "Service", "name": "web"},
        {"kind": "Service", "name": "missing", "port": 80},
        {"kind": "Service", "name": "web", "port": 81},
    ],
)
def test_a_backend_that_is_none_answers_an_error(world: World, reference: dict[str, Any]) -> None:
    (backend,) = rule(world, {"backendRefs": [reference]}).backends
    assert backend.target == Nowhere()
    assert isinstance(backend.filters[0], Fail)
    assert backend.filters[0].status == 500


def test_a_backend_without_weight_gets_no_traffic(world: World) -> None:
    references = [{"name": "web", "port": 80, "weight": 0}, {"name": "web", "port": 80, "weight": 1}]
    (backend,) = rule(world, {"backendRefs": references}).backends
    assert backend == Backend(backend.meta, Balance("web.default.svc.cluster.local:80"), 1)


def test_a_backend_has_its_own_filters(world: World) -> None:
    headers = {"set": [{"name": "x", "value": "1"}], "add": [{"name": "y", "value": "2"}], "remove": ["z"]}
    of = {"type": "RequestHeaderModifier", "requestHeaderModifier": headers}
    (backend,) = rule(world, {"backendRefs": [{"name": "web", "port": 80, "filters": [of]}]}).backends
    assert backend.filters == (ModifyHeaders("request", (("x", "1"),), (("y", "2"),), ("z",)),)


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        ({}, Redirect(302)),
        ({"scheme": "https", "port": 8443}, Redirect(302, scheme="https", port=8443)),
        (
            {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}, "statusCode": 301},
            Redirect(301, path=Match("exact", "/x")),
        ),
        (
            {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/y"}},
            Redirect(302, path=Match("prefix", "/y")),
        ),
    ],
)
def test_a_redirect_keeps_what_it_does_not_name(world: World, redirect: dict[str, Any], expected: Redirect) -> None:
    matches = [{"path": {"type": "PathPrefix", "value": "/x"}}]
    found = rule(world, {"matches": matches, "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}]})
    assert found.filters == (expected,)


def test_a_match_may_name_a_method_headers_and_parameters(world: World) -> None:
    match = {
        "method": "PUT",
        "headers": [{"name": "X", "value": "a.*", "type": "RegularExpression"}],
        "queryParams": [{"name": "q", "value": "1"}],
    }
    (found,) = rule(world, {"matches": [match]}).matches
    assert found.method == "PUT"
    assert found.headers == (("x", Match("regex", "a.*")),)
    assert found.query == (("q", Match("exact", "1")),)


def test_the_timeout_of_a_request_is_the_rules(world: World) -> None:
    assert rule(world, {"timeouts": {"request": "1500ms"}}).request_timeout_ms == 1500


def test_an_instance_of_a_service_is_no_destination_of_policy(world: World) -> None:
    question = Question(Authority("web-1.web.default.svc.cluster.local", 80), "default")
    assert not isinstance(outbound(world.mesh, world.snapshot, question), OutboundPolicy)


def calls(world: World, *rules: dict[str, Any], **fields: Any) -> OutboundPolicy:
    parents = [{"group": "", "kind": "Service", "name": "web", "port": 80}]
    spec = {"parentRefs": parents, "rules": list(rules), **fields}
    api = "gateway.networking.k8s.io/v1"
    world.put(load({"apiVersion": api, "kind": "GRPCRoute", "metadata": {"name": "calls"}, "spec": spec}))
    return policy(world)


def test_a_port_with_grpc_routes_is_read_as_grpc(world: World) -> None:
    world.put(service("two", "10.78.0.2", {"http": 80}))
    headers = [{"name": "X", "value": "1"}]
    match = {"method": {"service": "a.B", "method": "C"}, "headers": headers}
    weighed = [{"name": "web", "port": 80, "weight": 70}, {"name": "two", "port": 80, "weight": 30}]
    modifier = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["y"]}}
    found = calls(world, {"matches": [match], "filters": [modifier], "backendRefs": weighed}, hostnames=["a.example"])
    assert (found.protocol, found.opaque) == ("grpc", None)
    (route,) = found.routes
    (rule,) = route.rules
    assert rule.matches == (CallMatch("a.B", "C", (("x", Match("exact", "1")),)),)
    assert rule.filters == (ModifyHeaders("request", remove=("y",)),)
    assert [(backend.weight, backend.target) for backend in rule.backends] == [
        (70, Balance("web.default.svc.cluster.local:80")),
        (30, Balance("two.default.svc.cluster.local:80")),
    ]


def test_a_call_without_a_backend_is_answered_as_unavailable(world: World) -> None:
    body = wire.outbound(calls(world, {"backendRefs": [{"name": "gone", "port": 80}]}))
    message = outbound_pb2.OutboundPolicy.FromString(body)
    strict.check(message)
    (weighed,) = message.protocol.grpc.routes[0].rules[0].backends.random_available.backends
    (only,) = weighed.backend.filters
    assert (only.failure_injector.code, only.failure_injector.message) == (14, "Service not found gone")


def test_a_grpc_rule_without_matches_or_backends_is_the_service_itself(world: World) -> None:
    (rule,) = calls(world, {}).routes[0].rules
    assert rule.matches == (CallMatch(),)
    assert rule.backends[0].target == Balance("web.default.svc.cluster.local:80")
    assert not rule.weighted


def test_a_pod_is_no_destination_outside_of_the_mesh_wherever_it_is(world: World) -> None:
    ports = [{"name": "web", "ports": [{"containerPort": 8080, "hostPort": 8081}]}]
    spec = {"serviceAccountName": "web", "containers": ports}
    status = {"podIP": "192.0.2.7", "hostIP": "192.0.2.1"}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1"}, "spec": spec, "status": status}))
    for host, port, is_workload in (("192.0.2.7", 1, True), ("192.0.2.1", 8081, True), ("192.0.2.1", 8080, False)):
        answer = outbound(world.mesh, world.snapshot, Question(Authority(host, port), "default"))
        assert isinstance(answer, Refusal) == is_workload


@pytest.mark.parametrize(
    ("timeouts", "limit"),
    [
        ({"request": "2s"}, 2000),
        ({"backendRequest": "1s"}, 1000),
        ({"request": "2s", "backendRequest": "500ms"}, 500),
        ({"request": "0s", "backendRequest": "500ms"}, 500),
        ({"request": "0s"}, None),
        ({}, None),
    ],
)
def test_no_try_and_no_request_lasts_longer_than_a_rule_says(
    world: World, timeouts: dict[str, str], limit: int | None
) -> None:
    assert rule(world, {"timeouts": timeouts}).request_timeout_ms == limit
