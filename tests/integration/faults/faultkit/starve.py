"""A process that gets little or nothing of what it needs."""

import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meshkit.process import state
from meshkit.until import until

_PERIOD_S = 0.1


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """It gets no processor time at all."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until("it stands still", lambda: state(pid) == "T")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def throttled(pid: int, share: float) -> Iterator[None]:
    """It runs for this share of each tenth of a second, as under the kernel's quota for a container."""
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            os.kill(pid, signal.SIGSTOP)
            ended.wait(_PERIOD_S * (1 - share))
            os.kill(pid, signal.SIGCONT)
            ended.wait(_PERIOD_S * share)

    thread = threading.Thread(target=run, name="throttle")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def few_descriptors(pid: int, left: int) -> Iterator[None]:
    """It may open so many more."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    before = next(line for line in limits if line.startswith("Max open files")).split()[3]
    _allow_descriptors(pid, str(limit_for(open_descriptors(pid), left)))
    try:
        yield
    finally:
        _allow_descriptors(pid, before)


def _allow_descriptors(pid: int, soft: str) -> None:
    # By the process's own user, who may set the limit of what is his; root needs a capability for it (prlimit(2)).
    owner = Path(f"/proc/{pid}").stat()
    words = ["prlimit", "--pid", str(pid), f"--nofile={soft}:"]
    subprocess.run(words, user=owner.st_uid, group=owner.st_gid, extra_groups=[], check=True)


def open_descriptors(pid: int) -> set[int]:
    return {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}


def limit_for(used: set[int], left: int) -> int:
    """The limit is one of their numbers (getrlimit(2)): below it there have to be so many that are free."""
    return next(limit for limit in itertools.count(left) if limit - sum(number < limit for number in used) == left)


def own_memory(pid: int) -> int:
    """Bytes in memory that no file backs, page by page (proc_pid_smaps_rollup(5)): the sums in `status` lag behind."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in rollup if line.startswith("Anonymous")).split()[1]) * 1024


def until_passed(seconds: float) -> None:
    """For a fault that consists in how long it lasts."""
    end = time.monotonic() + seconds
    until(f"{seconds:g} s have passed", lambda: time.monotonic() > end)
