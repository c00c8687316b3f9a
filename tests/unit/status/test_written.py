"""How a status is written beside what others say."""

from datetime import UTC, datetime
from typing import Any

import pytest
from resources import load, service
from world import World

from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.model.httproute import HTTPRoute
from hauberk.status.report import with_status
from hauberk.status.route import PARENTS_MAX
from hauberk.status.written import written

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OURS = "linkerd.io/policy-controller"
REQUIRED = {"lastTransitionTime", "message", "reason", "status", "type"}
THEIRS = {
    "controllerName": "example.com/gateway",
    "parentRef": {"name": "ingress"},
    "conditions": [{"type": "Accepted", "status": "True", "reason": "Fine", "extra": 1}],
    "field": {"that": "nobody knows"},
}


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80}))
    return world


def route(world: World, *names: str) -> HTTPRoute:
    refs = [{"group": "", "kind": "Service", "name": name} for name in names]
    api = "gateway.networking.k8s.io/v1"
    made = load({"apiVersion": api, "kind": "HTTPRoute", "metadata": {"name": "r"}, "spec": {"parentRefs": refs}})
    found = with_status(world.mesh, world.snapshot, made, NOW)  # type: ignore[arg-type]
    assert isinstance(found, HTTPRoute)
    return found


def controllers(status: dict[str, Any]) -> list[str]:
    return [parent["controllerName"] for parent in status["parents"]]


def test_what_others_say_is_repeated_to_the_letter(world: World) -> None:
    status = written(route(world, "web"), {"parents": [THEIRS]})
    assert status["parents"][0] is THEIRS
    assert controllers(status) == [THEIRS["controllerName"], OURS]


def test_what_we_said_before_is_replaced(world: World) -> None:
    before = {"controllerName": OURS, "parentRef": {"name": "gone"}}
    status = written(route(world, "web"), {"parents": [before, THEIRS]})
    assert controllers(status) == [THEIRS["controllerName"], OURS]
    assert status["parents"][1]["parentRef"]["name"] == "web"


@pytest.mark.parametrize("stored", [{}, {"parents": None}, {"parents": ["odd", None]}])
def test_what_is_no_status_is_nobodys(world: World, stored: dict[str, Any]) -> None:
    assert controllers(written(route(world, "web"), stored)) == [OURS]


def test_there_are_no_more_parents_than_the_api_takes_and_others_keep_theirs(world: World) -> None:
    many = [f"web-{number}" for number in range(PARENTS_MAX)]
    status = written(route(world, *many), {"parents": [THEIRS, THEIRS]})
    assert len(status["parents"]) == PARENTS_MAX
    assert controllers(status).count(THEIRS["controllerName"]) == 2


def test_conditions_of_a_rate_limit_have_owners_each(world: World) -> None:
    policy = load(
        {
            "apiVersion": "policy.linkerd.io/v1alpha1",
            "kind": "HTTPLocalRateLimitPolicy",
            "metadata": {"name": "few"},
            "spec": {
                "targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "web"},
                "total": {"requestsPerSecond": 9},
            },
        }
    )
    assert isinstance(policy, HTTPLocalRateLimitPolicy)
    found = with_status(world.mesh, world.snapshot, policy, NOW)
    status = written(found, {"conditions": [{"type": "Observed"}]})
    assert [condition["type"] for condition in status["conditions"]] == ["Accepted"]


def test_a_condition_has_all_that_the_gateway_api_insists_on(world: World) -> None:
    conditions = written(route(world, "web"), {})["parents"][0]["conditions"]
    assert conditions
    assert all(condition.keys() >= REQUIRED for condition in conditions)
