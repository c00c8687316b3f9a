"""Whose token is worth something on plain machines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from resources import pod
from world import World

from hauberk.catalog.refusal import Refusal
from hauberk.identity.evidence import Bound, Claims
from hauberk.identity.registered import Registered, registration_refusal
from hauberk.identity.tokens import Tokens
from hauberk.runtime.clock import ManualClock
from hauberk.runtime.latest import Latest

CLAIMS = Claims("default", "web", Bound("web-1", "uid-1"))


@pytest.fixture
def world() -> World:
    world = World()
    registered = pod("web-1", "10.77.0.2", service_account="web")
    metadata = msgspec.structs.replace(registered.metadata, uid="uid-1")
    world.put(msgspec.structs.replace(registered, metadata=metadata))
    return world


@pytest.mark.parametrize("claims", [CLAIMS, Claims("hauberk", "linkerd-destination", None)], ids=["pod", "control"])
def test_a_registered_workload_and_the_control_plane_itself_are_known(world: World, claims: Claims) -> None:
    assert registration_refusal(world.mesh, world.snapshot, claims) is None


@pytest.mark.parametrize(
    "claims",
    [
        replace(CLAIMS, pod=Bound("web-1", "uid-2")),
        replace(CLAIMS, pod=Bound("web-2", "uid-1")),
        replace(CLAIMS, pod=None),
        replace(CLAIMS, service_account="api"),
    ],
    ids=["successor", "unknown pod", "no pod", "account"],
)
def test_what_is_not_registered_is_refused(world: World, claims: Claims) -> None:
    refusal = registration_refusal(world.mesh, world.snapshot, claims)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "failed-precondition"


async def test_a_token_is_worth_nothing_once_its_pod_is_gone(world: World) -> None:
    clock, tokens = ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Tokens(b"k" * 32)
    token, _ = tokens.mint(
        namespace="default",
        service_account="web",
        pod_name="web-1",
        pod_uid="uid-1",
        now=clock.now(),
        ttl=timedelta(hours=1),
    )
    latest = Latest(world.snapshot)
    registered = Registered(world.mesh, latest, tokens, clock=clock)
    assert await registered.prove(token.encode()) == CLAIMS
    world.delete("Pod", "default", "web-1")
    latest.set(world.snapshot)
    refusal = await registered.prove(token.encode())
    assert isinstance(refusal, Refusal)
    assert "not registered" in refusal.message
