"""What is tried, and how long."""

from dataclasses import dataclass

SIZES = (100, 64 * 1024)
"""Bytes of a response's body."""
CONNECTIONS = (1, 8, 50)
LOADED = max(CONNECTIONS)
"""The case that stands for a loaded machine."""


@dataclass(frozen=True, slots=True)
class Case:
    http2: bool
    size: int
    connections: int
    """On each, one request at a time."""

    @property
    def protocol(self) -> str:
        return "HTTP/2" if self.http2 else "HTTP/1.1"

    def __str__(self) -> str:
        size = f"{self.size} bytes" if self.size < 1024 else f"{self.size // 1024} KiB"
        plural = "" if self.connections == 1 else "s"
        return f"{self.protocol}, {size}, {self.connections} connection{plural}"


@dataclass(frozen=True, slots=True)
class Effort:
    """How thorough a run is."""

    cases: tuple[Case, ...]
    rounds: int
    seconds: int
    """Of one measurement."""
    starts: int
    """Of the control plane."""
    patience_s: float
    """How long to wait for a quiet machine."""


def full() -> Effort:
    """Large bodies come last: what an allocator keeps of them would show in the memory of the others."""
    cases = tuple(Case(http2, size, n) for size in SIZES for http2 in (False, True) for n in CONNECTIONS)
    return Effort(cases, rounds=3, seconds=5, starts=3, patience_s=180)


def quick() -> Effort:
    """Two minutes: shows that everything works, and orders of magnitude."""
    loaded = tuple(Case(http2, size, LOADED) for size in SIZES for http2 in (False, True))
    cases = (Case(False, 100, 1), *loaded)
    return Effort(cases, rounds=1, seconds=2, starts=1, patience_s=0)
