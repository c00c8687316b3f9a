"""Whether a rate limit is in force."""

from datetime import UTC, datetime

import pytest
from resources import load
from world import World

from hauberk.model.httplocalratelimitpolicy import HTTPLocalRateLimitPolicy
from hauberk.status.report import with_status

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TARGET = {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}


def limits(name: str, rate: int = 5, *, created: int = 1) -> HTTPLocalRateLimitPolicy:
    metadata = {"name": name, "creationTimestamp": f"2026-01-0{created}T00:00:00Z", "generation": 1}
    spec = {"targetRef": TARGET, "total": {"requestsPerSecond": rate}}
    api = "policy.linkerd.io/v1alpha1"
    made = load({"apiVersion": api, "kind": "HTTPLocalRateLimitPolicy", "metadata": metadata, "spec": spec})
    assert isinstance(made, HTTPLocalRateLimitPolicy)
    return made


def server() -> World:
    world = World()
    spec = {"podSelector": {}, "port": 80}
    api = "policy.linkerd.io/v1beta3"
    world.put(load({"apiVersion": api, "kind": "Server", "metadata": {"name": "web"}, "spec": spec}))
    return world


def reason(world: World, policy: HTTPLocalRateLimitPolicy) -> str:
    found = with_status(world.mesh, world.snapshot, policy, NOW)
    assert isinstance(found, HTTPLocalRateLimitPolicy)
    assert found.status is not None
    assert found.status.target_ref == policy.spec.target_ref
    assert with_status(world.mesh, world.snapshot, found, NOW) is found
    (only,) = found.status.conditions
    assert (only.type, only.status) == ("Accepted", "True" if only.reason == "Accepted" else "False")
    return only.reason


def test_the_oldest_for_a_server_holds() -> None:
    world, old, new = server(), limits("z-old", created=1), limits("a-new", created=2)
    world.put(old, new)
    assert reason(world, old) == "Accepted"
    assert reason(world, new) == "RateLimitReasonAlreadyExists"
    world.delete("HTTPLocalRateLimitPolicy", "default", "z-old")
    assert reason(world, new) == "Accepted"


def test_a_limit_without_a_server_limits_nothing() -> None:
    world = World()
    world.put(limits("alone"))
    assert reason(world, limits("alone")) == "NoMatchingTarget"


@pytest.mark.parametrize("rate", [0, -1, 2**32])
def test_one_that_makes_no_sense_says_so_and_stands_in_nobodys_way(rate: int) -> None:
    world, odd, fine = server(), limits("odd", rate, created=1), limits("fine", created=2)
    world.put(odd, fine)
    assert reason(world, odd) == "Invalid"
    assert reason(world, fine) == "Accepted"
