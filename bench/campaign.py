"""All measurements: in rounds, the planes in turn, so that what changes on the machine meets all of them."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench import inside, load
from bench.cases import LOADED, SIZES, Case, Effort
from bench.measure import Sample, measure
from bench.planes import NONE, Plane
from bench.processes import BenchFailed
from bench.result import Result, median_of, summary

_ANSWER_TIMEOUT_S = 15.0
Say = Callable[[str], None]
Samples = dict[tuple[Case, str], list[Sample]]


class Campaign:
    def __init__(self, planes: Sequence[Plane], effort: Effort, *, rate: Path, client: int, say: Say) -> None:
        """`client`: a process in the network where the load is made. `rate`: the generator for fixed rates."""
        self._planes = planes
        self._effort = effort
        self._rate = rate
        self._client = client
        self._say = say

    def warm_up(self) -> None:
        """Every plane has to answer before anything counts, by each of its protocols. Raises BenchFailed."""
        for plane in self._planes:
            for http2 in plane.ways:
                self._wait_for_answers(plane, Case(http2, min(SIZES), 1))

    def _wait_for_answers(self, plane: Plane, case: Case) -> None:
        until = time.monotonic() + _ANSWER_TIMEOUT_S
        why = ""
        while time.monotonic() < until:
            try:
                errors = self._steady(case, plane, per_second=10, seconds=1).errors
            except BenchFailed as failed:
                why = str(failed)
            else:
                if not errors:
                    return
                why = f"{errors} errors in a second"
        raise BenchFailed(f"{plane.name} does not answer by {case.protocol}: {why}")

    def run(self) -> list[Result]:
        saturated = self._rounds(self._effort.cases, "saturated", self._saturate)
        loaded = [case for case in self._effort.cases if case.connections == LOADED]
        rates = {case: _half(case, saturated) for case in loaded}
        steady = self._rounds(
            [case for case in loaded if rates[case]],
            "steady",
            lambda case, plane: self._steady(case, plane, per_second=rates[case], seconds=self._effort.seconds),
        )
        return [
            Result(
                case,
                plane.name,
                summary(saturated[case, plane.name]),
                rates.get(case),
                summary(steady[case, plane.name]) if (case, plane.name) in steady else None,
            )
            for case in self._effort.cases
            for plane in self._planes
            if case.http2 in plane.ways
        ]

    def _rounds(self, cases: Sequence[Case], what: str, take: Callable[[Case, Plane], Sample]) -> Samples:
        samples: Samples = defaultdict(list)
        for turn in range(self._effort.rounds):
            for case in cases:
                for plane in _rotated(self._planes, turn):
                    if case.http2 in plane.ways:
                        sample = take(case, plane)
                        samples[case, plane.name].append(sample)
                        told = f"{sample.per_second:,.0f} requests/s, {sample.errors} errors"
                        self._say(f"round {turn + 1}/{self._effort.rounds}, {what}, {case}: {plane.name} {told}")
        return samples

    def _saturate(self, case: Case, plane: Plane) -> Sample:
        way, seconds, log = plane.ways[case.http2], self._effort.seconds, inside.FOLDER / "h2load.log"
        log.unlink(missing_ok=True)  # it would be continued
        argv = load.saturating(case, way.address, seconds, log)
        return measure(way, argv, self._client, seconds, lambda text: load.read_saturating(case, seconds, text, log))

    def _steady(self, case: Case, plane: Plane, *, per_second: int, seconds: int) -> Sample:
        way = plane.ways[case.http2]
        argv = load.steady(self._rate, case, way.address, seconds, per_second)
        return measure(way, argv, self._client, seconds, partial(load.read_steady, seconds=seconds))


def _rotated(planes: Sequence[Plane], turn: int) -> list[Plane]:
    start = turn % len(planes)
    return [*planes[start:], *planes[:start]]


def _half(case: Case, saturated: Samples) -> int:
    """One rate for all: half of what the slowest plane with proxies carries, so that none is overrun."""
    carried = [
        median_of([sample.per_second for sample in samples]) or 0.0
        for (of, name), samples in saturated.items()
        if of == case and name != NONE
    ]
    return round(min(carried, default=0.0) / 2)
