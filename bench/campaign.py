"""All measurements of traffic: in rounds, the planes in turn, so that what changes on the machine meets all of them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

from bench.cases import Case, Effort
from bench.measure import Sample
from bench.planes import HAUBERK, RELAY, Plane
from bench.result import Result, median_of, summary

Say = Callable[[str], None]
Samples = dict[tuple[Case, str], list[Sample]]
YARDSTICKS = (RELAY, HAUBERK)
"""The two that are compared at a fixed rate; it is the same for both."""


class Gauge(Protocol):
    """Puts a load on a plane and tells what it cost."""

    def saturate(self, case: Case, plane: Plane, seconds: int) -> Sample: ...

    def steady(self, case: Case, plane: Plane, seconds: int, per_second: int) -> Sample: ...


def run(planes: Sequence[Plane], effort: Effort, gauge: Gauge, say: Say) -> list[Result]:
    """First what goes through at most; then, in the loaded cases, fixed rates."""

    def saturate(case: Case, plane: Plane) -> Sample:
        return gauge.saturate(case, plane, effort.seconds)

    def steady(case: Case, plane: Plane) -> Sample:
        return gauge.steady(case, plane, effort.seconds, rates[case, plane.name])

    tried = [(case, [plane for plane in planes if plane.serves(case)]) for case in effort.cases]
    saturated = _rounds(tried, effort.rounds, saturate, lambda text: say(f"saturated, {text}"))
    rates = {(case, name): _rate(case, name, saturated) for case, name in saturated if case.is_held}
    feasible = [(case, [p for p in serving if rates.get((case, p.name))]) for case, serving in tried]
    held = _rounds(feasible, effort.rounds, steady, lambda text: say(f"steady, {text}"))
    return [
        Result(
            case,
            plane.name,
            summary(saturated[case, plane.name]),
            rates.get((case, plane.name)),
            summary(held[case, plane.name]) if (case, plane.name) in held else None,
        )
        for case, serving in tried
        for plane in serving
    ]


def _rounds(
    tried: Sequence[tuple[Case, Sequence[Plane]]], rounds: int, take: Callable[[Case, Plane], Sample], say: Say
) -> Samples:
    samples: Samples = defaultdict(list)
    for turn in range(rounds):
        for case, planes in tried:
            for plane in _rotated(planes, turn):
                sample = take(case, plane)
                samples[case, plane.name].append(sample)
                unit = "MB" if case.is_stream else "requests"
                told = f"{plane.name} {sample.per_second:,.0f} {unit}/s, {sample.errors} errors"
                say(f"round {turn + 1}/{rounds}, {case}: {told}")
    return samples


def _rotated(planes: Sequence[Plane], turn: int) -> list[Plane]:
    start = turn % len(planes) if planes else 0
    return [*planes[start:], *planes[:start]]


def _rate(case: Case, plane: str, saturated: Samples) -> int:
    """Half of what the slower of the yardsticks carries; half of its own, for a plane that carries less."""
    carried = [
        median_of(sample.per_second for sample in saturated[case, name]) or 0.0
        for name in {plane, *YARDSTICKS}
        if (case, name) in saturated
    ]
    return round(min(carried) / 2)
