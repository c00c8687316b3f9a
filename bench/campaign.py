"""All measurements: in rounds, the planes in turn, so that what changes on the machine meets all of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

from bench.cases import LOADED, Case, Effort
from bench.measure import Sample
from bench.planes import NONE, Plane
from bench.result import Result, median_of, summary

Say = Callable[[str], None]
Samples = dict[tuple[Case, str], list[Sample]]


class Gauge(Protocol):
    """Puts a load on a plane and tells what it cost."""

    def saturate(self, case: Case, plane: Plane, seconds: int) -> Sample: ...

    def steady(self, case: Case, plane: Plane, seconds: int, per_second: int) -> Sample: ...


def run(planes: Sequence[Plane], effort: Effort, gauge: Gauge, say: Say) -> list[Result]:
    """First what goes through at most; then, in the loaded cases, all planes at one rate."""
    loaded = [case for case in effort.cases if case.connections == LOADED]

    def saturate(case: Case, plane: Plane) -> Sample:
        return gauge.saturate(case, plane, effort.seconds)

    def steady(case: Case, plane: Plane) -> Sample:
        return gauge.steady(case, plane, effort.seconds, rates[case])

    saturated = _rounds(planes, effort.cases, effort.rounds, saturate, lambda text: say(f"saturated, {text}"))
    rates = {case: _half(case, saturated) for case in loaded}
    feasible = [case for case in loaded if rates[case]]
    held = _rounds(planes, feasible, effort.rounds, steady, lambda text: say(f"steady, {text}"))
    return [
        Result(
            case,
            plane.name,
            summary(saturated[case, plane.name]),
            rates.get(case),
            summary(held[case, plane.name]) if (case, plane.name) in held else None,
        )
        for case in effort.cases
        for plane in planes
        if case.http2 in plane.ways
    ]


def _rounds(
    planes: Sequence[Plane], cases: Sequence[Case], rounds: int, take: Callable[[Case, Plane], Sample], say: Say
) -> Samples:
    samples: Samples = defaultdict(list)
    for turn in range(rounds):
        for case in cases:
            for plane in _rotated(planes, turn):
                if case.http2 in plane.ways:
                    sample = take(case, plane)
                    samples[case, plane.name].append(sample)
                    told = f"{plane.name} {sample.per_second:,.0f} requests/s, {sample.errors} errors"
                    say(f"round {turn + 1}/{rounds}, {case}: {told}")
    return samples


def _rotated(planes: Sequence[Plane], turn: int) -> list[Plane]:
    start = turn % len(planes)
    return [*planes[start:], *planes[:start]]


def _half(case: Case, saturated: Samples) -> int:
    """One rate for all: half of what the slowest plane with proxies carries, so that none is overrun."""
    carried = [
        median_of(sample.per_second for sample in samples) or 0.0
        for (of, name), samples in saturated.items()
        if of == case and name != NONE
    ]
    return round(min(carried, default=0.0) / 2)
