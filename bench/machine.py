"""The machine, and whether it is quiet: figures of a busy one say nothing."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import usage

QUIET = 0.05
"""The part of all cores that may be in use before the start."""
_LOOK_S = 3.0


@dataclass(frozen=True, slots=True)
class Machine:
    cpu: str
    cores: int
    kernel: str
    load_average: float
    """Of the minute before the first measurement."""
    busy: float
    """The part of all cores that was in use, or taken away by the host, just before."""

    @property
    def quiet(self) -> bool:
        return self.busy <= QUIET


def look(*, busy: float) -> Machine:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu, load = models[0] if models else platform.machine(), os.getloadavg()[0]
    return Machine(cpu, os.cpu_count() or 0, platform.release(), load, busy)


def wait_until_quiet(patience_s: float, say: Callable[[str], None]) -> float:
    """Waits for others to finish, if there is patience. Returns the part of all cores that is in use."""
    until = time.monotonic() + patience_s
    while (busy := _busy()) > QUIET and time.monotonic() < until:
        say(f"waiting for a quiet machine: {busy:.0%} of its cores are busy, to be at most {QUIET:.0%}")
    return busy


def _busy() -> float:
    cores = range(os.cpu_count() or 1)
    before, began = sum(map(usage.core_s, cores)), time.monotonic()
    time.sleep(_LOOK_S)
    return (sum(map(usage.core_s, cores)) - before) / (time.monotonic() - began) / len(cores)
