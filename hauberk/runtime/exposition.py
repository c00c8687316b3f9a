"""Numbers as lines of the text format that Prometheus reads (version 0.0.4). Pure."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

Labels = Sequence[tuple[str, str]]
Sample = tuple[Labels, float]


def family(name: str, kind: Literal["counter", "gauge"], told: str, samples: Iterable[Sample]) -> Iterator[str]:
    """What is said of a metric, and its series."""
    yield f"# HELP {name} {told}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        yield _line(name, labels, value)


class Histogram:
    """How often something took how long, by upper bounds in seconds."""

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self._bounds_s = tuple(bounds_s)
        self._counts = [0] * (len(bounds_s) + 1)
        self._sum_s = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(self._bounds_s, seconds)] += 1
        self._sum_s += seconds

    def lines(self, name: str, told: str) -> Iterator[str]:
        yield f"# HELP {name} {told}"
        yield f"# TYPE {name} histogram"
        within = 0
        for bound, count in zip((*self._bounds_s, "+Inf"), self._counts, strict=True):
            within += count
            yield _line(f"{name}_bucket", [("le", str(bound))], within)
        yield f"{name}_sum {self._sum_s:.6f}"
        yield f"{name}_count {within}"


def _line(name: str, labels: Labels, value: float) -> str:
    shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    return f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
