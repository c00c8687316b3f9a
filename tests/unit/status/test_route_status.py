"""What each parent of a route makes of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from resources import load, service
from world import World

from hauberk.model.grpcroute import GRPCRoute
from hauberk.model.httproute import HTTPRoute
from hauberk.model.route import RouteParentStatus
from hauberk.status.report import with_status

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
CONTROLLER = "linkerd.io/policy-controller"
WEB = {"group": "", "kind": "Service", "name": "web"}
SERVER = {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}
GATEWAY = {"name": "ingress"}


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80}))
    return world


def route(*parents: dict[str, Any], kind: str = "HTTPRoute", status: Any = None, **rule: Any) -> HTTPRoute | GRPCRoute:
    made = load(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "r", "generation": 3},
            "spec": {"parentRefs": list(parents), "rules": [rule]},
            "status": status,
        }
    )
    assert isinstance(made, HTTPRoute | GRPCRoute)
    return made


def parents(world: World, of: HTTPRoute | GRPCRoute) -> tuple[RouteParentStatus, ...]:
    world.put(of)
    found = with_status(world.mesh, world.snapshot, of, NOW)
    assert isinstance(found, HTTPRoute | GRPCRoute)
    # Once it is written there is nothing more to say.
    assert with_status(world.mesh, world.snapshot, found, NOW) is found
    return found.status.parents if found.status is not None else ()


def said(of: RouteParentStatus) -> dict[str, tuple[str, str]]:
    return {condition.type: (condition.status, condition.reason) for condition in of.conditions}


FINE = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}


@pytest.mark.parametrize("kind", ["HTTPRoute", "GRPCRoute"])
def test_a_route_that_holds_is_accepted_with_what_the_api_asks_for(world: World, kind: str) -> None:
    (only,) = parents(world, route(WEB, kind=kind))
    assert only.controller_name == CONTROLLER
    assert (only.parent_ref.kind, only.parent_ref.name, only.parent_ref.namespace) == ("Service", "web", None)
    assert said(only) == FINE
    assert {condition.observed_generation for condition in only.conditions} == {3}
    assert {condition.last_transition_time for condition in only.conditions} == {NOW.replace(microsecond=0)}


def test_each_parent_has_its_own_word(world: World) -> None:
    gone = {**WEB, "name": "gone"}
    egress = {"group": "policy.linkerd.io", "kind": "EgressNetwork", "name": "out", "port": 80}
    found = {of.parent_ref.name: said(of)["Accepted"] for of in parents(world, route(WEB, gone, egress))}
    assert found == {
        "web": ("True", "Accepted"),
        "gone": ("False", "NoMatchingParent"),
        "out": ("False", "NoMatchingParent"),
    }


def test_the_mesh_says_nothing_of_gateways(world: World) -> None:
    assert parents(world, route(GATEWAY)) == ()
    (only,) = parents(world, route(GATEWAY, WEB))
    assert only.parent_ref.kind == "Service"


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ({"name": "web", "port": 80}, "ResolvedRefs"),
        ({"name": "gone", "port": 80}, "BackendNotFound"),
        ({"name": "web", "port": 81}, "BackendNotFound"),
        ({"name": "web", "port": 80, "namespace": "other"}, "BackendNotFound"),
        ({"name": "web", "port": 80, "kind": "Secret"}, "InvalidKind"),
        ({"name": "web"}, "InvalidKind"),
        ({"name": "gone", "port": 80, "weight": 0}, "BackendNotFound"),
    ],
)
def test_backends_are_resolved_or_the_first_that_is_not_is_named(
    world: World, backend: dict[str, Any], reason: str
) -> None:
    (only,) = parents(world, route(WEB, backendRefs=[{"name": "web", "port": 80}, backend]))
    assert said(only)["Accepted"] == ("True", "Accepted")
    assert said(only)["ResolvedRefs"] == (str(reason == "ResolvedRefs"), reason)


def test_an_external_name_is_no_backend(world: World) -> None:
    spec = {"type": "ExternalName", "ports": [{"port": 80}]}
    world.put(load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "out"}, "spec": spec}))
    (only,) = parents(world, route(WEB, backendRefs=[{"name": "out", "port": 80}]))
    assert said(only)["ResolvedRefs"] == ("False", "InvalidKind")


def test_the_loser_of_a_conflict_is_told_by_whom(world: World) -> None:
    calls = load(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GRPCRoute",
            "metadata": {"name": "calls"},
            "spec": {"parentRefs": [WEB]},
        }
    )
    world.put(calls)
    (only,) = parents(world, route(WEB))
    accepted = only.conditions[0]
    assert (accepted.status, accepted.reason) == ("False", "RouteReasonConflicted")
    assert "default/calls" in accepted.message


def test_what_is_not_honoured_is_named(world: World) -> None:
    (only,) = parents(world, route(WEB, filters=[{"type": "URLRewrite"}]))
    accepted = only.conditions[0]
    assert (accepted.status, accepted.reason) == ("False", "UnsupportedValue")
    assert "spec.rules[0].filters[0].type" in accepted.message


def entry(parent: dict[str, Any], controller: str = CONTROLLER, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"parentRef": parent, "controllerName": controller, "conditions": list(conditions)}


def condition(kind: str, status: str, reason: str, generation: int | None = 3, message: str = "") -> dict[str, Any]:
    time = THEN.isoformat()
    made = {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": time}
    return made if generation is None else {**made, "observedGeneration": generation}


ACCEPTED, RESOLVED = condition("Accepted", "True", "Accepted"), condition("ResolvedRefs", "True", "ResolvedRefs")


def unchanged(world: World, of: HTTPRoute | GRPCRoute) -> bool:
    return with_status(world.mesh, world.snapshot, of, NOW) is of


def test_what_is_said_already_is_not_said_again(world: World) -> None:
    assert unchanged(world, route(WEB, status={"parents": [entry(WEB, CONTROLLER, ACCEPTED, RESOLVED)]}))


def test_another_writer_of_this_name_may_write_it_its_own_way(world: World) -> None:
    """Else two control planes would write over each other without an end."""
    explicit = {"group": "core", "kind": "Service", "name": "web", "namespace": "default"}
    plain = [{**of, "message": "its own words"} for of in (ACCEPTED, RESOLVED)]
    for of in plain:
        del of["observedGeneration"]
    assert unchanged(world, route(WEB, status={"parents": [entry(explicit, CONTROLLER, *reversed(plain))]}))


def test_a_word_on_an_older_generation_is_renewed_without_a_transition(world: World) -> None:
    old = condition("Accepted", "True", "Accepted", generation=2)
    (only,) = parents(world, route(WEB, status={"parents": [entry(WEB, CONTROLLER, old, RESOLVED)]}))
    accepted, resolved = only.conditions
    assert (accepted.observed_generation, accepted.last_transition_time) == (3, THEN)
    assert resolved.last_transition_time == THEN


def test_a_change_of_mind_is_a_transition(world: World) -> None:
    old = condition("Accepted", "False", "NoMatchingParent")
    (only,) = parents(world, route(WEB, status={"parents": [entry(WEB, CONTROLLER, old, RESOLVED)]}))
    assert only.conditions[0].last_transition_time == NOW.replace(microsecond=0)
    assert only.conditions[1].last_transition_time == THEN


def test_what_other_controllers_say_stays_and_what_is_no_parent_any_more_goes(world: World) -> None:
    others = entry(GATEWAY, "example.com/gateways", ACCEPTED)
    stale = entry({**WEB, "name": "before"}, CONTROLLER, ACCEPTED, RESOLVED)
    first, second = parents(world, route(WEB, status={"parents": [stale, others]}))
    assert (first.controller_name, second.parent_ref.name) == ("example.com/gateways", "web")
    assert parents(world, route(GATEWAY, status={"parents": [stale]})) == ()


def test_a_status_has_no_more_parents_than_the_api_takes(world: World) -> None:
    others = [entry({"name": f"g{n}"}, "example.com/gateways", ACCEPTED) for n in range(31)]
    assert len(parents(world, route(WEB, {**WEB, "name": "two"}, status={"parents": others}))) == 32


def test_a_server_is_a_parent_too(world: World) -> None:
    (only,) = parents(world, route(SERVER))
    assert said(only)["Accepted"] == ("False", "NoMatchingParent")
    spec = {"podSelector": {}, "port": 80}
    api = "policy.linkerd.io/v1beta3"
    world.put(load({"apiVersion": api, "kind": "Server", "metadata": {"name": "web"}, "spec": spec}))
    (only,) = parents(world, route(SERVER))
    assert said(only) == FINE
