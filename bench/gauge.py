"""The two kinds of load, put on a plane."""

import time
from dataclasses import dataclass
from functools import partial

from bench import load
from bench.cases import SMALL, Case
from bench.measure import Sample, measure
from bench.planes import Plane
from bench.processes import BenchFailed

_ANSWER_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Gauge:
    tools: load.Generators

    def wait_for_answers(self, plane: Plane) -> None:
        """Returns once the plane answers by each of its protocols. Raises BenchFailed."""
        for protocol in plane.ways:
            case = Case(protocol, SMALL, 1)
            until = time.monotonic() + _ANSWER_TIMEOUT_S
            while (why := self._refusal(case, plane)) is not None:
                if time.monotonic() > until:
                    raise BenchFailed(f"{plane.name} does not answer by {protocol.title}: {why}")

    def saturate(self, case: Case, plane: Plane, seconds: int) -> Sample:
        self.tools.log.unlink(missing_ok=True)  # it would be continued
        way = plane.ways[case.protocol]
        argv = load.saturating(self.tools, case, way.address, seconds)
        return measure(way, argv, seconds, partial(load.read_saturating, self.tools, case, seconds))

    def steady(self, case: Case, plane: Plane, seconds: int, per_second: int) -> Sample:
        way = plane.ways[case.protocol]
        argv = load.steady(self.tools, case, way.address, seconds, per_second)
        return measure(way, argv, seconds, partial(load.read_steady, seconds=seconds))

    def _refusal(self, case: Case, plane: Plane) -> str | None:
        try:
            sample = self.saturate(case, plane, 1) if case.is_stream else self.steady(case, plane, 1, per_second=10)
        except BenchFailed as failed:
            return str(failed)
        return f"{sample.errors} errors in a second" if sample.errors else None
