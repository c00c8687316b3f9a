"""Whether a process that has nothing to do does nothing."""

import os
import time
from pathlib import Path

from meshkit.until import until

IDLE_S = 2.0
SPIN = 0.2
"""A share of one processor, for a debug build with its streams; a loop that goes round for nothing takes all of it."""


def do_not_spin(*pids: int) -> None:
    """None of these processes, of which nobody wants anything now."""
    before, end = [_processor_seconds(pid) for pid in pids], time.monotonic() + IDLE_S
    until(f"{IDLE_S:g} s have passed", lambda: time.monotonic() > end)
    used = [_processor_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
    assert max(used) < IDLE_S * SPIN, f"{used} s of processor time within {IDLE_S:g} s"


def _processor_seconds(pid: int) -> float:
    """What it used so far (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
