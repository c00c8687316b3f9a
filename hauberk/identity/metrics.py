"""Numbers of the identity service, in Prometheus' text format. Labels have a few words as values, and never a name."""

from collections.abc import Iterator, Mapping
from typing import get_args

from hauberk.identity.cause import Cause
from hauberk.identity.reviewed import Outcome
from hauberk.runtime.exposition import Histogram, family

ISSUED = "identity_certificates_issued_total"
REFUSED = "identity_certificates_refused_total"
UNAVAILABLE = "identity_certificates_unavailable_total"
REVIEWS = "identity_token_reviews_total"
REVIEW_S = "identity_token_review_duration_seconds"
ISSUER_UPDATES = "identity_issuer_updates_total"
ROOTS_UPDATES = "identity_trust_roots_updates_total"
SKIPPED = "identity_issuer_updates_skipped_total"
RENEWALS = "identity_renewals_total"
RENEWED = ("issuer", "root")
"""What this replica may have made anew."""

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds. The API server answers within milliseconds, and is given up after half a minute."""

_COUNTERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    ISSUED: ("Certificates that were given to proxies.", "", ("",)),
    REFUSED: ("Requests for a certificate that were refused, and why.", "reason", tuple(Cause)),
    UNAVAILABLE: ("Requests that could not be decided: the API server or the authority did not answer.", "", ("",)),
    REVIEWS: ("Tokens that the API server was asked about.", "outcome", get_args(Outcome)),
    ISSUER_UPDATES: ("How often another issuer came into force.", "", ("",)),
    ROOTS_UPDATES: ("How often the bundle of roots was replaced.", "", ("",)),
    SKIPPED: ("How often an issuer or bundle was found that cannot be used; the last good one stays.", "", ("",)),
    RENEWALS: ("Issuers and roots that this replica made.", "of", RENEWED),
}
"""Name: what it counts, its label, and the values of that. All are there from the start."""


class Metrics:
    """Counters, and a histogram of how long the API server takes."""

    def __init__(self) -> None:
        self._counts = {name: dict.fromkeys(values, 0) for name, (_, _, values) in _COUNTERS.items()}
        self._took = Histogram(BUCKETS_S)

    def count(self, name: str, value: str = "") -> None:
        """`value` is one that the counter has."""
        self._counts[name][value] += 1

    def reviewed(self, outcome: Outcome, seconds: float) -> None:
        self.count(REVIEWS, outcome)
        self._took.observe(seconds)

    def lines(self) -> Iterator[str]:
        """A page of the admin endpoint, or a part of one."""
        for name, (told, label, _) in _COUNTERS.items():
            counts = self._counts[name].items()
            samples = [([(label, value)] if label else [], count) for value, count in counts]
            yield from family(name, "counter", told, samples)
        yield from self._took.lines(REVIEW_S, "How long the API server took to answer about a token.")
