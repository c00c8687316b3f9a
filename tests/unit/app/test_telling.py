"""What the identity controller says of itself."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hauberk.app.controllers.events import Events, Note, Regarding
from hauberk.app.controllers.telling import Telling
from hauberk.catalog.refusal import Refusal
from hauberk.identity import kept, metrics
from hauberk.identity.cause import Cause
from hauberk.identity.certificate import make_root, validity
from hauberk.identity.evidence import Claims
from hauberk.identity.keeping import pem_of
from hauberk.identity.metrics import Metrics
from hauberk.identity.protocol import Described, Signed
from hauberk.identity.terms import terms_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DEPLOYMENT = Regarding(
    api_version="apps/v1", kind="Deployment", namespace="hauberk", name="linkerd-identity", uid="d-1"
)
CLAIMS = Claims("shop", "web", None, "u-1")
SIGNED = Signed(leaf=b"der", intermediates=(), valid_until=NOW + DAY)


class Said(Events):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.notes: list[Note] = []

    def say(self, note: Note) -> None:
        self.notes.append(note)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def counts() -> Metrics:
    return Metrics()


@pytest.fixture
def telling(counts: Metrics, said: Said) -> Telling:
    return Telling(counts, said, DEPLOYMENT)


def counted(counts: Metrics, name: str, value: str = "") -> int:
    shown = name + (f'{{reason="{value}"}} ' if value else " ")
    return next(int(line.split()[-1]) for line in counts.lines() if line.startswith(shown))


def test_a_certificate_is_told_at_the_service_account(telling: Telling, said: Said, counts: Metrics) -> None:
    telling.issued(CLAIMS, "web.shop.serviceaccount.identity.hauberk.cluster.local", SIGNED)
    (note,) = said.notes
    assert (note.regarding.kind, note.regarding.namespace, note.regarding.uid) == ("ServiceAccount", "shop", "u-1")
    assert (note.reason, note.warning, note.topic, note.every_s) == ("IssuedLeafCertificate", False, "", 3600)
    assert "until 2026-01-02T00:00:00+00:00" in note.text
    assert counted(counts, metrics.ISSUED) == 1


def test_who_proved_nothing_is_told_of_at_home_alone(telling: Telling, said: Said, counts: Metrics) -> None:
    telling.refused(Refusal("failed-precondition", "the token is forged", Cause.TOKEN), None)
    telling.refused(Refusal("failed-precondition", "another's name", Cause.IDENTITY), CLAIMS)
    telling.refused(Refusal("invalid-argument", "odd"), None)
    assert [(note.reason, note.regarding.name, note.topic) for note in said.notes] == [
        ("TokenRefused", "linkerd-identity", Cause.TOKEN),
        ("CertificateRefused", "web", ""),
        ("TokenRefused", "linkerd-identity", Cause.OTHER),
    ]
    assert all(note.warning for note in said.notes)
    assert [counted(counts, metrics.REFUSED, word) for word in ("token", "identity", "other", "csr")] == [1, 1, 1, 0]


def test_what_becomes_of_root_and_issuer_is_told_beside_the_deployment(telling: Telling, said: Said) -> None:
    telling.made(kept.ROOT, NOW)
    telling.made(kept.ISSUER, NOW)
    telling.issuer_replaced()
    telling.roots_replaced()
    telling.skipped("no key")
    telling.unavailable("the issuer expired")
    assert {note.regarding for note in said.notes} == {DEPLOYMENT}
    assert [(note.reason, note.warning) for note in said.notes] == [
        ("RootCreated", False),
        ("IssuerRenewed", False),
        ("IssuerUpdated", False),
        ("TrustRootsUpdated", False),
        ("IssuerUpdateSkipped", True),
        ("IssuerValidationFailed", True),
    ]


def described(*roots: timedelta, issuer: timedelta = 365 * DAY) -> Described:
    """Issuer and roots that last so long from now."""
    pem = "".join(pem_of(make_root("r", validity(NOW, left, skew=DAY)).certificate) for left in roots)
    return Described(trust_anchors=pem, issuer_since=NOW, issuer_until=NOW + issuer)


def test_an_end_that_is_near_is_told_and_one_that_is_far_is_not(telling: Telling, said: Said) -> None:
    telling.expiring(terms_of(described(3650 * DAY)), NOW + 300 * DAY)
    assert said.notes == []
    telling.expiring(terms_of(described(3650 * DAY)), NOW + 330 * DAY)
    telling.expiring(terms_of(described(30 * DAY, issuer=20 * DAY)), NOW)
    assert [note.reason for note in said.notes] == ["IssuerExpiring", "RootExpiring"]


def test_an_old_root_beside_a_new_one_is_no_reason_to_warn(telling: Telling, said: Said) -> None:
    terms = terms_of(described(2 * DAY, 3650 * DAY))
    telling.expiring(terms, NOW)
    assert said.notes == []
    page = "".join(f"{line}\n" for line in terms.lines(NOW))
    found = {s.name: s.value for family in text_string_to_metric_families(page) for s in family.samples}
    assert found["trust_roots"] == 2
    assert found["trust_roots_ttl_seconds"] == 2 * DAY.total_seconds()
    assert found["issuer_cert_ttl_seconds"] == 365 * DAY.total_seconds()
