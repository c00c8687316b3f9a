from typing import Any

import pytest
from resources import load, service
from world import World

from hauberk.catalog.names import Authority
from hauberk.policy import wire
from hauberk.policy.outbound import Question, outbound
from hauberk.policy.outbound_policy import Backend, Balance, Nowhere, OutboundPolicy, OutboundRule
from hauberk.policy.routing import Fail, Match, ModifyHeaders, Redirect


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
