"""Everything that a run found, and its form for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.goals import Goal
from bench.machine import Machine
from bench.mesh import ControlPlane
from bench.result import Result


@dataclass(frozen=True, slots=True)
class Report:
    machine: Machine
    binaries: Mapping[str, str]
    """Which builds were measured."""
    results: Sequence[Result]
    control_plane: ControlPlane
    supervisor_mb: float
    goals: Sequence[Goal]

    def document(self) -> dict[str, Any]:
        return {
            "machine": {**asdict(self.machine), "quiet": self.machine.quiet},
            "binaries": dict(self.binaries),
            "results": [result.document() for result in self.results],
            "control_plane": asdict(self.control_plane),
            "supervisor_mb": self.supervisor_mb,
            "goals": [{**asdict(goal), "met": goal.met} for goal in self.goals],
        }
