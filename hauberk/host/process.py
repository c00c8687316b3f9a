"""Processes of this machine, as /proc shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_START_TIME = 19
"""Field 22 of /proc/PID/stat (proc(5)), counted from the one after the name."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process for good: a pid is given again, together with its start it is not."""

    pid: int
    started: int
    """Clock ticks since the machine booted; unchanged by exec."""


def process(pid: int, proc: Path = PROC) -> Process | None:
    """The process that has this pid now; None if none has."""
    try:
        text = (proc / str(pid) / "stat").read_text()
        # The name, in parentheses, may itself contain anything.
        fields = text.rpartition(")")[2].split()
        return None if fields[0] in ("Z", "X") else Process(pid, int(fields[_START_TIME]))
    except (OSError, ValueError, IndexError):
        return None


def pids(proc: Path = PROC) -> Iterator[int]:
    """All processes that there are."""
    for entry in proc.iterdir():
        if entry.name.isdecimal():
            yield int(entry.name)


def network_namespace(pid: int, proc: Path = PROC) -> tuple[int, int] | None:
    """What tells the network namespace of a process from others; None if there is no such process."""
    try:
        found = (proc / str(pid) / "ns" / "net").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def has_variable(pid: int, assignment: bytes, proc: Path = PROC) -> bool:
    """Whether a process was started with the variable `NAME=VALUE`."""
    try:
        return assignment in (proc / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
