"""Everything that a run found, and its form for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.goals import Facts, Goal, added
from bench.machine import Machine
from bench.planes import NONE
from bench.result import Result, cpu_ratio


@dataclass(frozen=True, slots=True)
class Report:
    machine: Machine
    binaries: Mapping[str, str]
    """Which builds were measured."""
    facts: Facts
    supervisor_mb: float
    goals: Sequence[Goal]

    @property
    def foreign(self) -> float:
        """The largest part of the proxies' core that others took during a measurement."""
        found = (part.foreign for result in self.facts.results for part in (result.saturated, result.steady) if part)
        return max(found, default=0.0)

    def document(self) -> dict[str, Any]:
        facts = self.facts
        return {
            "machine": {**asdict(self.machine), "quiet": self.machine.quiet, "foreign": self.foreign},
            "binaries": dict(self.binaries),
            "results": [self._result(result) for result in facts.results],
            "memory": [asdict(memory) for memory in facts.memory],
            "paths": [asdict(path) for path in facts.paths],
            "start": None if facts.start is None else asdict(facts.start),
            "binary_mb": facts.binary_mb,
            "control_plane": None if facts.control_plane is None else asdict(facts.control_plane),
            "supervisor_mb": self.supervisor_mb,
            "goals": [{**asdict(goal), "met": goal.met} for goal in self.goals],
        }

    def _result(self, result: Result) -> dict[str, Any]:
        others = [other for other in self.facts.results if other.case == result.case and other.plane != result.plane]
        cpu_of = {other.plane: cpu_ratio(result.saturated, other.saturated) for other in others}
        return {**result.document(), "cpu_of": cpu_of, **_added(result, self.facts.results)}


def _added(result: Result, results: Sequence[Result]) -> dict[str, float | None]:
    """What the plane adds to latencies; says something with one connection only."""
    none = next((r for r in results if r.case == result.case and r.plane == NONE), None)
    if result.case.connections != 1 or result.case.is_stream or result.plane == NONE:
        return {}
    return {
        "added_p50_us": added(result, none, lambda summary: summary.p50_us),
        "added_p99_us": added(result, none, lambda summary: summary.p99_us),
    }
