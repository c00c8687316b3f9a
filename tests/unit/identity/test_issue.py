"""Who may have which certificate."""

from dataclasses import replace

import msgspec
import pytest
from resources import pod
from signing_requests import WEB, csr_for
from world import World

from hauberk.catalog.refusal import Refusal
from hauberk.identity.issue import Order, Request, issue
from hauberk.identity.tokens import Bound, Claims

CLAIMS = Claims("default", "web", Bound("web-1", "uid-1"))
CONTROL = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local"
API = "api.default.serviceaccount.identity.hauberk.cluster.local"


@pytest.fixture
def world() -> World:
    world = World()
    registered = pod("web-1", "10.77.0.2", service_account="web")
    metadata = msgspec.structs.replace(registered.metadata, uid="uid-1")
    world.put(msgspec.structs.replace(registered, metadata=metadata))
    return world


def asked(world: World, request: Request, claims: Claims = CLAIMS) -> Order | Refusal:
    return issue(world.mesh, world.snapshot, request, claims)


REQUEST = Request(identity=WEB, csr=csr_for(WEB), client_id=None)


@pytest.mark.parametrize("client_id", [None, WEB, CONTROL])
def test_a_registered_workload_gets_its_own_name_first_and_again(world: World, client_id: str | None) -> None:
    order = asked(world, replace(REQUEST, client_id=client_id))
    assert order == Order(WEB, "spiffe://cluster.local/ns/default/sa/web", REQUEST.csr)


def test_the_control_plane_is_registered_nowhere(world: World) -> None:
    request = Request(identity=CONTROL, csr=csr_for(CONTROL), client_id=None)
    order = asked(world, request, Claims("hauberk", "linkerd-destination", None))
    assert isinstance(order, Order)
    assert order.spiffe == "spiffe://cluster.local/ns/hauberk/sa/linkerd-destination"


@pytest.mark.parametrize(
    ("request_", "claims", "reason"),
    [
        (Request(identity=API, csr=csr_for(API), client_id=None), CLAIMS, "failed-precondition"),
        (replace(REQUEST, identity=""), CLAIMS, "invalid-argument"),
        (replace(REQUEST, csr=csr_for(API)), CLAIMS, "invalid-argument"),
        (replace(REQUEST, client_id=API), CLAIMS, "permission-denied"),
        (REQUEST, replace(CLAIMS, pod=Bound("web-1", "uid-2")), "failed-precondition"),
        (REQUEST, replace(CLAIMS, pod=Bound("web-2", "uid-1")), "failed-precondition"),
        (REQUEST, replace(CLAIMS, pod=None), "failed-precondition"),
        (
            Request(identity=API, csr=csr_for(API), client_id=None),
            replace(CLAIMS, service_account="api"),
            "failed-precondition",
        ),
    ],
    ids=["name", "no name", "csr", "caller", "successor", "unknown pod", "no pod", "account"],
)
def test_what_is_not_proven_is_refused(world: World, request_: Request, claims: Claims, reason: str) -> None:
    refusal = asked(world, request_, claims)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason


def test_a_token_is_worth_nothing_once_its_pod_is_gone(world: World) -> None:
    world.delete("Pod", "default", "web-1")
    refusal = asked(world, REQUEST)
    assert isinstance(refusal, Refusal)
    assert "not registered" in refusal.message
