"""The machine, and whether it is quiet: figures of a busy one say nothing."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

QUIET = 0.3
"""The load average of the last minute up to which a machine counts as quiet."""
_LOOK_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Machine:
    cpu: str
    cores: int
    kernel: str
    load_average: float
    """Of the minute before the first measurement."""

    @property
    def quiet(self) -> bool:
        return self.load_average <= QUIET


def look(*, load: float) -> Machine:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return Machine(models[0] if models else platform.machine(), os.cpu_count() or 0, platform.release(), load)


def wait_until_quiet(patience_s: float, say: Callable[[str], None]) -> float:
    """Waits for others to finish, if there is patience. Returns the load average."""
    until = time.monotonic() + patience_s
    while (load := os.getloadavg()[0]) > QUIET and time.monotonic() < until:
        say(f"waiting for a quiet machine: load average {load:.2f}, to be at most {QUIET}")
        time.sleep(_LOOK_EVERY_S)
    return load
