"""What the API server's word about a token proves."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hauberk.catalog.refusal import Refusal
from hauberk.identity.cause import Cause, cause_of
from hauberk.identity.evidence import AUDIENCE, MAX_BYTES, Bound, Claims, EvidenceUnavailable
from hauberk.identity.reviewed import Reviewed, claims_in
from hauberk.runtime.clock import ManualClock

USER = {
    "username": "system:serviceaccount:default:web",
    "uid": "u-1",
    "groups": ["system:serviceaccounts"],
    "extra": {
        "authentication.kubernetes.io/pod-name": ["web-1"],
        "authentication.kubernetes.io/pod-uid": ["uid-1"],
        "authentication.kubernetes.io/node-name": ["n1"],
    },
}
GOOD = {"authenticated": True, "audiences": [AUDIENCE], "user": USER}


class Server:
    """Says the same of every token."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        self.status = status
        self.asked: list[Mapping[str, Any]] = []

    async def review(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(document)
        return {**document, "status": self.status}


async def test_a_genuine_token_proves_its_account_and_its_pod() -> None:
    server = Server(GOOD)
    assert await Reviewed(server).prove(b"a.b.c\n") == Claims("default", "web", Bound("web-1", "uid-1"), "u-1")
    assert server.asked[0]["spec"] == {"token": "a.b.c", "audiences": [AUDIENCE]}


@pytest.mark.parametrize("token", [b"", b"x" * (MAX_BYTES + 1), b"\xff\xfe"], ids=["empty", "long", "no text"])
async def test_what_can_be_no_token_is_not_even_asked_about(token: bytes) -> None:
    server = Server(GOOD)
    assert isinstance(await Reviewed(server).prove(token), Refusal)
    assert server.asked == []


@pytest.mark.parametrize(
    "status",
    [
        {},
        {**GOOD, "authenticated": False, "error": "invalid bearer token"},
        {**GOOD, "audiences": []},
        {**GOOD, "audiences": ["https://kubernetes.default.svc"]},
        {**GOOD, "user": {**USER, "username": "system:node:n1"}},
        {**GOOD, "user": {**USER, "username": "system:serviceaccount:default"}},
        {**GOOD, "user": {**USER, "username": "system:serviceaccount:default:web:more"}},
        {**GOOD, "user": {**USER, "username": 7}},
    ],
    ids=["nothing", "forged", "no audience", "another audience", "node", "no account", "odd name", "no string"],
)
def test_everything_else_proves_nothing(status: Mapping[str, Any]) -> None:
    refusal = claims_in({"status": status})
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "failed-precondition"


def test_a_token_that_is_bound_to_no_pod_proves_the_account_alone() -> None:
    assert claims_in({"status": {**GOOD, "user": {**USER, "extra": {}}}}) == Claims("default", "web", None, "u-1")


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ({"error": "[invalid bearer token, square/go-jose: error in cryptographic primitive]"}, Cause.TOKEN),
        ({"error": "[invalid bearer token, service account token has expired]"}, Cause.EXPIRED),
        ({"error": 'token audiences ["other"] is invalid for the target audiences ["mine"]'}, Cause.AUDIENCE),
        ({**GOOD, "audiences": []}, Cause.AUDIENCE),
        ({**GOOD, "user": {**USER, "username": "system:node:n1"}}, Cause.ACCOUNT),
    ],
)
def test_what_is_wrong_is_told_in_one_of_a_few_words(status: Mapping[str, Any], cause: Cause) -> None:
    refusal = claims_in({"status": status})
    assert isinstance(refusal, Refusal)
    assert cause_of(refusal.cause) is cause


def test_a_word_that_nobody_knows_is_counted_with_the_others() -> None:
    assert cause_of("") is cause_of("sunspots") is Cause.OTHER


class Slow(Server):
    """Takes two seconds, and fails where it has no status."""

    def __init__(self, clock: ManualClock, status: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.clock = clock

    async def review(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        self.clock.advance(2)
        if not self.status:
            raise EvidenceUnavailable("away")
        return await super().review(document)


async def test_each_question_and_how_long_it_took_is_told() -> None:
    told: list[tuple[str, float]] = []
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    for status in (GOOD, {"authenticated": False}, {}):
        subject = Reviewed(Slow(clock, status), lambda outcome, seconds: told.append((outcome, seconds)), clock=clock)
        try:
            await subject.prove(b"a.b.c")
        except EvidenceUnavailable:
            assert status == {}
    await subject.prove(b"")
    assert told == [("proven", 2.0), ("refused", 2.0), ("unavailable", 2.0)]
