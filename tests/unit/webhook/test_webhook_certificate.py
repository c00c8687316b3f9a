"""The webhook's certificate over the years: nobody ever serves what the bundle does not know."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hauberk.webhook.certificate import (
    LIFETIME,
    Document,
    Kept,
    configuration_with,
    kept_in,
    pem_of,
    secret_with,
    wanted,
)
from hauberk.webhook.signing import Pair, made

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("injector.hauberk.svc", "injector.hauberk.svc.cluster.local")


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


@pytest.fixture
def first() -> Kept:
    return wanted(Kept(), NAMES, now=NOW, bundle_known=False)


def kept_again(kept: Kept) -> Kept:
    """Through a Secret and back."""
    return kept_in(secret_with(kept, None, "s", {}))


def test_where_there_is_none_one_is_made_at_once(first: Kept) -> None:
    assert first.current is not None
    assert first.next is None
    pair = first.current
    assert pair.is_whole
    assert pair.names() == {*NAMES}
    assert pair.end == NOW + LIFETIME
    assert pair.begin < NOW, "clocks differ"
    assert isinstance(pair.certificate.public_key(), ec.EllipticCurvePublicKey)
    assert first.bundle == pem_of(pair.authority)
    limits = pair.authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (limits.ca, limits.path_length) == (True, 0)


@pytest.mark.parametrize("days", [0, 100, 250])
def test_a_good_one_stays(days: float, first: Kept) -> None:
    assert wanted(first, NAMES, now=after(days), bundle_known=True) is first


def test_it_is_renewed_in_two_steps(first: Kept) -> None:
    now = after(256)
    second = wanted(first, NAMES, now=now, bundle_known=True)
    assert second.current is first.current
    assert second.next is not None
    assert second.bundle == pem_of(first.current.authority, second.next.authority)  # type: ignore[union-attr]
    assert wanted(second, NAMES, now=now, bundle_known=False) is second, "the API server has to know it first"
    third = wanted(second, NAMES, now=now, bundle_known=True)
    assert (third.current, third.next) == (second.next, None)
    assert third.bundle == pem_of(second.next.authority, first.current.authority)  # type: ignore[union-attr]
    assert wanted(third, NAMES, now=now, bundle_known=True) is third


def test_an_authority_leaves_the_bundle_when_nobody_can_serve_under_it(first: Kept) -> None:
    kept, now = first, NOW
    for _ in range(6):
        now += timedelta(days=256)
        kept = wanted(wanted(kept, NAMES, now=now, bundle_known=False), NAMES, now=now, bundle_known=True)
        assert len(kept.former) <= 2
        assert all(authority.not_valid_after_utc > now for authority in kept.former)


@pytest.mark.parametrize("usable", ["expired", "other name", "lost"])
def test_one_that_nobody_can_use_is_replaced_at_once(usable: str, first: Kept) -> None:
    now = after(366) if usable == "expired" else NOW
    names = ("other.hauberk.svc",) if usable == "other name" else NAMES
    kept = Kept() if usable == "lost" else first
    second = wanted(kept, names, now=now, bundle_known=False)
    assert second.current is not None
    assert second.current is not first.current
    assert names[0] in second.current.names()


def test_a_new_name_is_no_reason_to_hurry(first: Kept) -> None:
    names = (NAMES[0], "injector.hauberk.svc.example.org")
    second = wanted(first, names, now=NOW, bundle_known=True)
    assert second.current is first.current
    assert second.next is not None
    assert second.next.names() == {*names}


def test_a_next_one_that_waited_too_long_is_made_anew(first: Kept) -> None:
    second = wanted(first, NAMES, now=after(256), bundle_known=False)
    late = wanted(second, NAMES, now=after(256 + 366), bundle_known=False)
    assert late.current is not None
    assert late.current.end > after(256 + 366)
    assert late.current not in (second.current, second.next)


def test_a_clock_that_is_behind_makes_no_new_one(first: Kept) -> None:
    assert wanted(first, NAMES, now=NOW - timedelta(days=1), bundle_known=True) is first


def test_a_secret_holds_all_of_it(first: Kept) -> None:
    second = wanted(first, NAMES, now=after(256), bundle_known=True)
    third = wanted(second, NAMES, now=after(256), bundle_known=True)
    for kept in (first, second, third):
        again = kept_again(kept)
        assert again.bundle == kept.bundle
        for there, here in ((again.current, kept.current), (again.next, kept.next)):
            assert (there and there.certificate) == (here and here.certificate)
            assert (there and there.key_pem) == (here and here.key_pem)


def test_the_secret_that_is_replaced_keeps_what_is_its_own(first: Kept) -> None:
    before: Document = {"metadata": {"name": "s", "resourceVersion": "7"}, "type": "Opaque", "data": {"old": "eA=="}}
    made_of = secret_with(first, before, "s", {"a": "b"})
    assert (made_of["metadata"], made_of["type"]) == (before["metadata"], "Opaque")
    assert made_of["data"].keys() == {"tls.crt", "tls.key", "ca.crt"}
    new = secret_with(first, None, "s", {"a": "b"})
    assert (new["metadata"], new["type"]) == ({"name": "s", "labels": {"a": "b"}}, "kubernetes.io/tls")


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"tls.crt": "!", "tls.key": "!", "ca.crt": "!"},
        {"tls.crt": None},
        {key: b64encode(b"nonsense").decode() for key in ("tls.crt", "tls.key", "ca.crt")},
    ],
)
def test_a_damaged_secret_holds_nothing(data: Any) -> None:
    assert kept_in({"data": data}) == kept_in(None) == Kept(None, None, ())


def test_parts_of_two_pairs_are_none(first: Kept) -> None:
    assert first.current is not None
    other = made(NAMES, LIFETIME, now=NOW)
    for mixed in (
        Pair(first.current.certificate, other.key, first.current.authority),
        Pair(first.current.certificate, first.current.key, other.authority),
    ):
        assert not mixed.is_whole
        assert kept_again(Kept(mixed)).current is None


def test_every_webhook_of_the_configuration_gets_the_bundle() -> None:
    before: Document = {
        "kind": "MutatingWebhookConfiguration",
        "webhooks": [
            {"name": "a", "clientConfig": {"service": {"name": "s"}, "caBundle": "b2xk"}},
            {"name": "b"},
        ],
    }
    told = configuration_with("PEM", before)
    bundle = b64encode(b"PEM").decode()
    assert told["webhooks"] == [
        {"name": "a", "clientConfig": {"service": {"name": "s"}, "caBundle": bundle}},
        {"name": "b", "clientConfig": {"caBundle": bundle}},
    ]
    assert configuration_with("PEM", told) is told
    assert before["webhooks"][0]["clientConfig"]["caBundle"] == "b2xk"


def test_a_key_is_never_shown(first: Kept) -> None:
    assert "key" not in repr(first.current).lower()
