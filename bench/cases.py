"""What is tried, and how long."""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

SIZES = (100, 64 * 1024)
"""Bytes of a response's body."""
SMALL = min(SIZES)
CONNECTIONS = (1, 8, 50)
LOADED = max(CONNECTIONS)
"""The case that stands for a loaded machine."""
STREAMS = (1, 8)
"""Connections that carry a stream of bytes each."""
MEMORY, START, WORKERS, PATH = "memory", "start", "workers", "path"
QUESTIONS = (MEMORY, START, WORKERS, PATH)
"""What is asked beside the traffic, by the names that `--case` takes."""
_PATIENCE_S = 180.0
_SHORT_PATIENCE_S = 15.0


class Protocol(Enum):
    """What the client speaks; the value is the name in a case's name."""

    HTTP1 = "http1"
    HTTP2 = "http2"
    GRPC = "grpc"
    TCP = "tcp"

    @property
    def title(self) -> str:
        return _TITLES[self]


_TITLES = {
    Protocol.HTTP1: "HTTP/1.1",
    Protocol.HTTP2: "HTTP/2",
    Protocol.GRPC: "gRPC unary",
    Protocol.TCP: "TCP stream",
}


@dataclass(frozen=True, slots=True)
class Case:
    protocol: Protocol
    size: int
    """Of a body, in bytes; 0 for a stream, which has none."""
    connections: int
    """On each, one request at a time, or one stream."""

    @property
    def name(self) -> str:
        size = () if self.is_stream else (str(self.size),)
        return "-".join((self.protocol.value, *size, str(self.connections)))

    @property
    def is_stream(self) -> bool:
        """Bytes one way, in one piece; its unit is then the megabyte (10^6 bytes) instead of the request."""
        return self.protocol is Protocol.TCP

    @property
    def is_held(self) -> bool:
        """Also measured at a fixed rate."""
        return self.connections == LOADED and not self.is_stream

    def __str__(self) -> str:
        size = f"{self.size} bytes" if self.size < 1024 else f"{self.size // 1024} KiB"
        plural = "" if self.connections == 1 else "s"
        parts = [self.protocol.title, *([] if self.is_stream else [size]), f"{self.connections} connection{plural}"]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Effort:
    """How thorough a run is."""

    cases: tuple[Case, ...]
    questions: tuple[str, ...]
    rounds: int
    seconds: int
    """Of one measurement."""
    starts: int
    """Of the control plane."""
    patience_s: float
    """How long to wait for a quiet machine."""
    scale: float = 1.0
    """Of the numbers of connections that the question of memory opens."""

    def names(self) -> tuple[str, ...]:
        return (*(case.name for case in self.cases), *self.questions)

    def restricted(self, patterns: list[str], seconds: int | None, rounds: int | None) -> "Effort":
        """Only the cases and questions that a pattern names, such as `http1-*`: one start, little patience."""
        keeps = [name for name in self.names() if not patterns or any(fnmatchcase(name, p) for p in patterns)]
        return Effort(
            cases=tuple(case for case in self.cases if case.name in keeps),
            questions=tuple(question for question in self.questions if question in keeps),
            rounds=rounds or self.rounds,
            seconds=seconds or self.seconds,
            starts=1 if patterns else self.starts,
            patience_s=min(self.patience_s, _SHORT_PATIENCE_S) if patterns else self.patience_s,
            scale=self.scale,
        )


def full() -> Effort:
    """Large bodies come last: what an allocator keeps of them would show in the memory of the others."""
    small = [Case(p, SMALL, n) for p in (Protocol.HTTP1, Protocol.HTTP2, Protocol.GRPC) for n in CONNECTIONS]
    large = [Case(p, max(SIZES), n) for p in (Protocol.HTTP1, Protocol.HTTP2) for n in CONNECTIONS]
    streams = [Case(Protocol.TCP, 0, n) for n in STREAMS]
    return Effort((*small, *streams, *large), QUESTIONS, rounds=3, seconds=5, starts=3, patience_s=_PATIENCE_S)


def quick() -> Effort:
    """Three minutes: shows that everything works, and orders of magnitude."""
    small = [Case(p, SMALL, LOADED) for p in (Protocol.HTTP1, Protocol.HTTP2, Protocol.GRPC)]
    large = [Case(p, max(SIZES), LOADED) for p in (Protocol.HTTP1, Protocol.HTTP2)]
    cases = (Case(Protocol.HTTP1, SMALL, 1), *small, Case(Protocol.TCP, 0, 1), *large)
    return Effort(cases, QUESTIONS, rounds=1, seconds=1, starts=1, patience_s=0, scale=0.1)
