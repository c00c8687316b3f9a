"""Numbers of the injector, under Linkerd's names, in Prometheus' text format."""

from collections.abc import Iterator

from hauberk.injector.notes import OWNER_KINDS
from hauberk.injector.outcome import AnnotationAt
from hauberk.runtime.exposition import family

REQUESTS = "proxy_inject_admission_requests_total"
RESPONSES = "proxy_inject_admission_responses_total"
SERIES_MAX = 2000
"""Of each of the two. What is beyond counts in one more series with `overflow="true"`."""
_HELP = {
    REQUESTS: "Pods and Services that the API server asked about.",
    RESPONSES: "What it was told: with a proxy, or without one and why.",
}
_KINDS = OWNER_KINDS | {"Pod", "Service"}
_OVERFLOW = (("overflow", "true"),)

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters only. Names of namespaces come from the API server; everything else is one of a few words."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[Labels, int]] = {REQUESTS: {}, RESPONSES: {}}

    def asked(self, owner_kind: str, namespace: str) -> None:
        self._count(REQUESTS, (("owner_kind", _kind(owner_kind)), ("namespace", namespace)))

    def answered(self, owner_kind: str, namespace: str, *, skip_reason: str, annotation_at: AnnotationAt) -> None:
        """An empty reason: there will be a proxy."""
        labels = (
            ("owner_kind", _kind(owner_kind)),
            ("namespace", namespace),
            ("skip", "true" if skip_reason else "false"),
            ("skip_reason", skip_reason),
            ("annotation_at", annotation_at),
        )
        self._count(RESPONSES, labels)

    def lines(self) -> Iterator[str]:
        """A page of the admin endpoint, or a part of one."""
        for name, counts in self._counts.items():
            yield from family(name, "counter", _HELP[name], counts.items())

    def _count(self, name: str, labels: Labels) -> None:
        counts = self._counts[name]
        known = labels in counts or len(counts) < SERIES_MAX
        key = labels if known else _OVERFLOW
        counts[key] = counts.get(key, 0) + 1


def _kind(owner_kind: str) -> str:
    """Anybody may write anything into an owner reference."""
    return owner_kind.lower() if owner_kind in _KINDS else "other"
