"""A process, told from a later one that has got the same id."""

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ENDED = "ZX"
"""States of a process that is over, although somebody has still to be told."""


@dataclass(frozen=True, slots=True)
class Process:
    pid: int
    started: int
    """In clock ticks since the machine's start: no later process with this id has the same."""

    def runs(self) -> bool:
        seen = _seen(self.pid)
        return seen is not None and seen[1] == self.started and seen[0] not in _ENDED

    def send(self, number: signal.Signals) -> None:
        """Does nothing when it has ended."""
        with _held(self.pid, self.runs) as descriptor:
            if descriptor is not None:
                _send(descriptor, number)

    def ends_within(self, seconds: float) -> bool:
        """Waits for its end, but not longer; whose child it is does not matter."""
        with _held(self.pid, self.runs) as descriptor:
            if descriptor is None:
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(max(0.0, seconds) * 1000))

    def command(self) -> tuple[str, ...]:
        """Its arguments, its own name first; empty when it has ended."""
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ()
        return tuple(words.split("\0")[:-1])

    def memory_mb(self) -> float:
        """What is resident, in MiB; 0 when it has ended."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def of(pid: int) -> Process | None:
    """The process that has this id now."""
    seen = _seen(pid)
    return None if seen is None else Process(pid, seen[1])


def parse(text: str) -> Process | None:
    """From a file that holds both numbers; None if it does not."""
    match text.split():
        case [pid, started] if pid.isdecimal() and started.isdecimal():
            return Process(int(pid), int(started))
    return None


def kill(pid: int, is_meant: Callable[[], bool]) -> None:
    """Kills the process with this id if `is_meant` says, while no other one can get the id, that it is the one."""
    with _held(pid, is_meant) as descriptor:
        if descriptor is not None:
            _send(descriptor, signal.SIGKILL)


@contextmanager
def _held(pid: int, is_meant: Callable[[], bool]) -> Iterator[int | None]:
    """A descriptor that goes on meaning the same process, as its id may not; None when that process is over."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor if is_meant() else None
    finally:
        os.close(descriptor)


def _send(descriptor: int, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return


def _seen(pid: int) -> tuple[str, int] | None:
    """State and start of the process that has this id."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The name before the parenthesis may hold blanks and parentheses of its own.
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])
