"""The two kinds of load, put on a plane."""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import inside, load
from bench.cases import SIZES, Case
from bench.measure import Sample, measure
from bench.planes import Plane
from bench.processes import BenchFailed

_ANSWER_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Gauge:
    client: int
    """A process in the network where the load is made."""
    rate: Path
    """The generator for fixed rates."""

    def wait_for_answers(self, plane: Plane) -> None:
        """Returns once the plane answers by each of its protocols. Raises BenchFailed."""
        for http2 in plane.ways:
            case = Case(http2, min(SIZES), 1)
            until = time.monotonic() + _ANSWER_TIMEOUT_S
            while (why := self._refusal(case, plane)) is not None:
                if time.monotonic() > until:
                    raise BenchFailed(f"{plane.name} does not answer by {case.protocol}: {why}")

    def saturate(self, case: Case, plane: Plane, seconds: int) -> Sample:
        way, log = plane.ways[case.http2], inside.FOLDER / "h2load.log"
        log.unlink(missing_ok=True)  # it would be continued
        argv = load.saturating(case, way.address, seconds, log)
        return measure(way, argv, self.client, seconds, lambda text: load.read_saturating(case, seconds, text, log))

    def steady(self, case: Case, plane: Plane, seconds: int, per_second: int) -> Sample:
        way = plane.ways[case.http2]
        argv = load.steady(self.rate, case, way.address, seconds, per_second)
        return measure(way, argv, self.client, seconds, partial(load.read_steady, seconds=seconds))

    def _refusal(self, case: Case, plane: Plane) -> str | None:
        try:
            errors = self.steady(case, plane, seconds=1, per_second=10).errors
        except BenchFailed as failed:
            return str(failed)
        return f"{errors} errors in a second" if errors else None
