"""How long issuer and roots last, and when that is a matter for people. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from hauberk.identity.protocol import Described
from hauberk.runtime.exposition import family

LATE = 0.1
"""The part of an issuer's lifetime that is left when people are warned; whoever renews it does so long before."""
ROOT_LATE = timedelta(days=60)
"""Roots take people: linkerd's own check warns as early."""


@dataclass(frozen=True)
class Terms:
    """How long issuer and roots last."""

    issuer_since: datetime
    issuer_until: datetime
    roots_until: tuple[datetime, ...]

    def issuer_late(self, now: datetime) -> bool:
        return self.issuer_until - now < (self.issuer_until - self.issuer_since) * LATE

    def roots_late(self, now: datetime) -> bool:
        """Of several roots the one that lasts longest counts: others are there until everybody has moved over."""
        return bool(self.roots_until) and max(self.roots_until) - now < ROOT_LATE

    def lines(self, now: datetime) -> Iterator[str]:
        """As gauges, in Prometheus' text format."""
        yield from _gauge(
            "issuer_cert_ttl_seconds", "How long the issuer's certificate is still valid.", self.issuer_until - now
        )
        if self.roots_until:
            told = "How long the root that ends first is still valid."
            yield from _gauge("trust_roots_ttl_seconds", told, min(self.roots_until) - now)
        told = "Roots that proxies are told to trust."
        yield from family("trust_roots", "gauge", told, [([], len(self.roots_until))])


def terms_of(described: Described) -> Terms:
    """Pure. The authority gives no roots but those that it could read."""
    roots = x509.load_pem_x509_certificates(described.trust_anchors.encode())
    return Terms(described.issuer_since, described.issuer_until, tuple(root.not_valid_after_utc for root in roots))


def _gauge(name: str, told: str, left: timedelta) -> Iterator[str]:
    return family(name, "gauge", told, [([], int(left.total_seconds()))])
