"""What happened between two readings of a proxy: increases of counters, and the gauges as they are now.

Counters only grow, except when a proxy starts again; then they begin at zero, and what the later reading says is the
increase (Prometheus' rule for resets).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hauberk.telemetry.sample import Sample
from hauberk.telemetry.target import Target

_COUNTER_SUFFIXES = ("_total", "_bucket", "_count", "_sum")


@dataclass(frozen=True, slots=True)
class Reading:
    """A proxy's page at one moment."""

    target: Target
    at_s: float
    """Monotonic seconds of the reader."""
    samples: Sequence[Sample]
    error: str | None = None
    """Why there are no samples, when the proxy could not be read."""


@dataclass(frozen=True, slots=True)
class Change:
    target: Target
    seconds: float
    increases: Sequence[Sample]
    gauges: Sequence[Sample]


def change(before: Reading | None, after: Reading, *, since_s: float) -> Change:
    """The change of one proxy. Without a reading `before`, the proxy is new and everything it counted is new."""
    known = {} if before is None else {s.series.key: s.value for s in before.samples}
    increases: list[Sample] = []
    gauges: list[Sample] = []
    for sample in after.samples:
        if not sample.series.name.endswith(_COUNTER_SUFFIXES):
            gauges.append(sample)
            continue
        past = known.get(sample.series.key, 0.0)
        grown = sample.value - past if sample.value >= past else sample.value
        increases.append(Sample(sample.series, grown))
    started = since_s if before is None else before.at_s
    return Change(after.target, max(after.at_s - started, 0.0), increases, gauges)


def changes(before: Iterable[Reading], after: Iterable[Reading]) -> list[Change]:
    """The changes of a mesh. A proxy that could not be read at either end is left out: half a measure is none."""
    past = {reading.target.name: reading for reading in before}
    since_s = min((reading.at_s for reading in past.values()), default=0.0)
    found: list[Change] = []
    for reading in after:
        earlier = past.get(reading.target.name)
        if reading.error is not None or (earlier is not None and earlier.error is not None):
            continue
        found.append(change(earlier, reading, since_s=since_s))
    return found


def total(steps: Iterable[Sequence[Change]]) -> list[Change]:
    """Successive changes as one, so that what a proxy counted before it ended is not lost. Gauges: the last known ones
    of the proxies that are still there at the end.
    """
    sums: dict[str, dict[str, Sample]] = {}
    last: dict[str, Change] = {}
    seconds = 0.0
    final: set[str] = set()
    for step in steps:
        seconds += max((c.seconds for c in step), default=0.0)
        final = {c.target.name for c in step}
        for one in step:
            last[one.target.name] = one
            kept = sums.setdefault(one.target.name, {})
            for sample in one.increases:
                earlier = kept.get(sample.series.key)
                value = sample.value + (0.0 if earlier is None else earlier.value)
                kept[sample.series.key] = Sample(sample.series, value)
    return [
        Change(c.target, seconds, list(sums[name].values()), c.gauges if name in final else ())
        for name, c in last.items()
    ]
