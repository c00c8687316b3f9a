"""Who may have which certificate."""

from dataclasses import replace

import pytest
from signing_requests import WEB, csr_for
from world import World

from hauberk.catalog.refusal import Refusal
from hauberk.identity.evidence import Bound, Claims
from hauberk.identity.issue import Order, Request, issue

CLAIMS = Claims("default", "web", Bound("web-1", "uid-1"))
CONTROL = "linkerd-destination.hauberk.serviceaccount.identity.hauberk.cluster.local"
MESH = World().mesh
API = "api.default.serviceaccount.identity.hauberk.cluster.local"


REQUEST = Request(identity=WEB, csr=csr_for(WEB), client_id=None)


@pytest.mark.parametrize("client_id", [None, WEB, CONTROL])
def test_a_registered_workload_gets_its_own_name_first_and_again(client_id: str | None) -> None:
    order = issue(MESH, replace(REQUEST, client_id=client_id), CLAIMS)
    assert order == Order(WEB, "spiffe://cluster.local/ns/default/sa/web", REQUEST.csr)


def test_the_control_plane_is_registered_nowhere() -> None:
    request = Request(identity=CONTROL, csr=csr_for(CONTROL), client_id=None)
    order = issue(MESH, request, Claims("hauberk", "linkerd-destination", None))
    assert isinstance(order, Order)
    assert order.spiffe == "spiffe://cluster.local/ns/hauberk/sa/linkerd-destination"


@pytest.mark.parametrize(
    ("request_", "claims", "reason"),
    [
        (Request(identity=API, csr=csr_for(API), client_id=None), CLAIMS, "failed-precondition"),
        (replace(REQUEST, identity=""), CLAIMS, "invalid-argument"),
        (replace(REQUEST, csr=csr_for(API)), CLAIMS, "invalid-argument"),
        (replace(REQUEST, client_id=API), CLAIMS, "permission-denied"),
        (REQUEST, replace(CLAIMS, namespace="other"), "failed-precondition"),
        (REQUEST, replace(CLAIMS, service_account="api"), "failed-precondition"),
    ],
    ids=["name", "no name", "csr", "caller", "namespace", "account"],
)
def test_what_is_not_proven_is_refused(request_: Request, claims: Claims, reason: str) -> None:
    refusal = issue(MESH, request_, claims)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
