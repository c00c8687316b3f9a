"""Load generators and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of load on one address."""

    connections: int
    size: int
    """Bytes of a response's body."""
    http2: bool
    seconds: int
    streams: int = 1
    """Requests under way on one HTTP/2 connection."""

    def command(self, address: str) -> list[str]:
        """What to run; `address` is HOST:PORT."""
        url = f"http://{address}/{self.size}"
        if self.http2:
            return [
                "h2load",
                f"--duration={self.seconds}",
                f"--clients={self.connections}",
                f"--max-concurrent-streams={self.streams}",
                "--warm-up-time=1",
                url,
            ]
        return ["wrk", "-t1", f"-c{self.connections}", f"-d{self.seconds}s", "--latency", "--timeout", "10s", url]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load generator measured."""

    requests: int
    seconds: float
    errors: int
    p50_s: float
    p99_s: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class NotUnderstood(Exception):
    """The generator's output is not what it was."""


def read(load: Load, text: str) -> Outcome:
    """Reads the output of `load.command`."""
    return _h2load(load, text) if load.http2 else _wrk(text)


def _wrk(text: str) -> Outcome:
    total = _search(r"(\d+) requests in ([\d.]+)(\w+),", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    answers = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, sockets.groups())) if sockets else 0
    errors += int(answers[1]) if answers else 0
    return Outcome(
        requests=int(total[1]),
        seconds=float(total[2]) * _UNITS[total[3]],
        errors=errors,
        p50_s=_duration(_search(r"\n\s+50%\s+([\d.]+\w+)", text)[1]),
        p99_s=_duration(_search(r"\n\s+99%\s+([\d.]+\w+)", text)[1]),
    )


def _h2load(load: Load, text: str) -> Outcome:
    counts = _search(r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed, (\d+) errored", text)
    # It prints no percentiles, but the mean and the worst: the mean stands for both and the table says so.
    mean = _duration(_search(r"time for request:\s+\S+\s+\S+\s+(\S+)", text)[1])
    return Outcome(int(counts[1]), load.seconds, int(counts[2]) + int(counts[3]), mean, mean)


def _search(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    if found is None:
        raise NotUnderstood(f"no {pattern!r} in:\n{text}")
    return found


def _duration(text: str) -> float:
    number, unit = _search(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * _UNITS[unit]
