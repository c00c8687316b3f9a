"""What remains of the measurements: the median of each figure over the rounds, and of the ratios within them."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.cases import Case
from bench.measure import Sample


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians, but for errors (their sum), foreign (the largest) and what each round gave."""

    requests_per_s: float
    """Megabytes, where a stream is measured; so with the next."""
    cpu_us_per_request: float | None
    p50_us: float | None
    p99_us: float | None
    p999_us: float | None
    rss_mb: float | None
    anonymous_mb: float | None
    errors: int
    foreign: float
    spread: float | None
    """Of the workers; None where there is one."""
    cpu_us_rounds: tuple[float | None, ...]
    """CPU for each request in each round, in their order."""


@dataclass(frozen=True, slots=True)
class Result:
    """One plane in one case."""

    case: Case
    plane: str
    saturated: Summary
    steady_per_s: int | None
    """The fixed rate."""
    steady: Summary | None

    def document(self) -> dict[str, Any]:
        case = {
            "case": self.case.name,
            "protocol": self.case.protocol.title,
            "size": self.case.size,
            "connections": self.case.connections,
        }
        steady = None if self.steady is None else {"rate": self.steady_per_s, **asdict(self.steady)}
        return {**case, "plane": self.plane, "saturated": asdict(self.saturated), "steady": steady}


def summary(samples: Sequence[Sample]) -> Summary:
    return Summary(
        requests_per_s=median_of([s.per_second for s in samples]) or 0.0,
        cpu_us_per_request=_scaled(median_of(s.cpu_s for s in samples)),
        p50_us=_scaled(median_of(s.p50_s for s in samples)),
        p99_us=_scaled(median_of(s.p99_s for s in samples)),
        p999_us=_scaled(median_of(s.p999_s for s in samples)),
        rss_mb=median_of(s.rss_mb for s in samples),
        anonymous_mb=median_of(s.anonymous_mb for s in samples),
        errors=sum(s.errors for s in samples),
        foreign=max(s.foreign for s in samples),
        spread=median_of(s.spread for s in samples),
        cpu_us_rounds=tuple(_scaled(s.cpu_s) for s in samples),
    )


def cpu_ratio(ours: Summary | None, theirs: Summary | None) -> float | None:
    """CPU as a multiple of another plane's: the median of what each round gives by itself.

    The planes take turns in a round, so they met the same machine; the medians of two planes may come from rounds that
    did not.
    """
    if ours is None or theirs is None:
        return None
    rounds = zip(ours.cpu_us_rounds, theirs.cpu_us_rounds, strict=True)
    return median_of(mine / other if mine is not None and other else None for mine, other in rounds)


def median_of(values: Iterable[float | None]) -> float | None:
    """None where nothing was measured."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _scaled(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e6
