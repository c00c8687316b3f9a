"""Load generators and what they say."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from bench.cases import Case

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load generator measured. Latencies are None where no request succeeded."""

    requests: int
    seconds: float
    errors: int
    p50_s: float | None
    p99_s: float | None

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class NotUnderstood(Exception):
    """The generator's output is not what it was."""


def saturating(case: Case, address: str, seconds: int, log: Path) -> list[str]:
    """As many requests as go through: each connection asks again as soon as it is answered."""
    url = f"http://{address}/{case.size}"
    if case.http2:
        return ["h2load", f"--duration={seconds}", f"--clients={case.connections}", f"--log-file={log}", url]
    return ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", url]


def steady(rate: Path, case: Case, address: str, seconds: int, per_second: int) -> list[str]:
    """A fixed rate, whether the answers come or not."""
    protocol = "http2" if case.http2 else "http1"
    return [str(rate), protocol, address, str(case.size), str(case.connections), str(per_second), str(seconds)]


def read_saturating(case: Case, seconds: int, text: str, log: Path) -> Outcome:
    return read_h2load(text, log.read_text(), seconds) if case.http2 else read_wrk(text)


def read_wrk(text: str) -> Outcome:
    total = _search(r"(\d+) requests in ([\d.]+)(\w+),", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    answers = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, sockets.groups())) if sockets else 0
    wrong = int(answers[1]) if answers else 0
    requests = int(total[1]) - wrong
    return Outcome(
        requests=requests,
        seconds=float(total[2]) * _UNITS[total[3]],
        errors=errors + wrong,
        p50_s=_duration(_search(r"\n\s+50%\s+([\d.]+\w+)", text)[1]) if requests else None,
        p99_s=_duration(_search(r"\n\s+99%\s+([\d.]+\w+)", text)[1]) if requests else None,
    )


def read_h2load(text: str, log: str, seconds: float) -> Outcome:
    """Its output has no percentiles; its log has a line for each request: start in µs, status, duration in µs."""
    failed = _search(r"requests: .* (\d+) failed, (\d+) errored, (\d+) timeout", text)
    answers = [line.split("\t") for line in log.splitlines()]
    durations = sorted(int(answer[2]) for answer in answers if answer[1] == "200")
    wrong = len(answers) - len(durations)
    return Outcome(
        requests=len(durations),
        seconds=seconds,
        errors=max(wrong, int(failed[1]), int(failed[2])),
        p50_s=_quantile(durations, 0.5),
        p99_s=_quantile(durations, 0.99),
    )


def read_steady(text: str, seconds: float) -> Outcome:
    said = json.loads(text)
    p50, p99 = (None if said[key] is None else said[key] / 1e6 for key in ("p50_us", "p99_us"))
    return Outcome(said["requests"], seconds, said["errors"] + said["unsent"], p50, p99)


def _quantile(ordered: list[int], q: float) -> float | None:
    return ordered[min(int(len(ordered) * q), len(ordered) - 1)] / 1e6 if ordered else None


def _search(pattern: str, text: str) -> re.Match[str]:
    found = re.search(pattern, text)
    if found is None:
        raise NotUnderstood(f"no {pattern!r} in:\n{text}")
    return found


def _duration(text: str) -> float:
    number, unit = _search(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * _UNITS[unit]
