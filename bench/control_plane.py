"""The control plane of the bench's own mesh."""

import shutil
import statistics
import sys
import time
from dataclasses import dataclass

from bench import inside, usage
from bench.processes import Processes, tree

HAUBERK = (sys.executable, "-m", "hauberk.cli")
_START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """How it started, and what it takes while it serves the workloads."""

    ready_s: float
    """From the start of the process until it said that it serves; the median of `starts`, without any files before."""
    starts: int
    rss_mb: float
    """Of all its processes together, the proxy in front of it included; pages that they share count for each."""


def start(processes: Processes, starts: int) -> tuple[int, float]:
    """Starts it anew so many times, the last for good. Returns its id and the median of the times it took."""
    took = []
    for number in range(starts):
        if number:
            processes.stop("control-plane")
            shutil.rmtree(inside.FOLDER / "state")
        began = time.monotonic()
        pid = processes.start("control-plane", [*HAUBERK, "up"])
        processes.wait("the control plane", lambda: _serves(processes), _START_TIMEOUT_S)
        took.append(time.monotonic() - began)
    return pid, statistics.median(took)


def memory_mb(pid: int) -> float:
    return sum(usage.memory_mb(process)[0] for process in tree(pid))


def _serves(processes: Processes) -> bool | None:
    return "ready in" in processes.said("control-plane") or None
