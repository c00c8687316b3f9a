"""Load generators and what they say."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from bench.cases import SMALL, Case, Protocol

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
_CALL = ("-H", "content-type: application/grpc", "-H", "te: trailers")
METHOD = "/bench.Echo/Unary"
"""What gRPC calls; the server answers every method with the message that it got."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load generator measured. Latencies are None where no request succeeded, or none was asked for."""

    done: float
    """Requests that succeeded, or megabytes that arrived."""
    seconds: float
    errors: int
    p50_s: float | None = None
    p99_s: float | None = None
    p999_s: float | None = None

    @property
    def rate(self) -> float:
        return self.done / self.seconds


@dataclass(frozen=True, slots=True)
class Generators:
    """The programs that make load, and what they need."""

    rate: Path
    stream: Path
    message: Path
    """Of a gRPC call, with its prefix."""
    log: Path
    """Where h2load may write."""


class NotUnderstood(Exception):
    """The generator's output is not what it was."""


def saturating(tools: Generators, case: Case, address: str, seconds: int) -> list[str]:
    """As much as goes through: each connection asks again as soon as it is answered."""
    url, clients = f"http://{address}/{case.size}", f"--clients={case.connections}"
    h2load = ["h2load", f"--duration={seconds}", clients, f"--log-file={tools.log}"]
    match case.protocol:
        case Protocol.HTTP1:
            return ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds}s", "--latency", "--timeout", "10s", url]
        case Protocol.HTTP2:
            return [*h2load, url]
        case Protocol.GRPC:
            return [*h2load, *_CALL, "-d", str(tools.message), f"http://{address}{METHOD}"]
        case Protocol.TCP:
            return [str(tools.stream), "send", address, str(case.connections), str(seconds)]


def steady(tools: Generators, case: Case, address: str, seconds: int, per_second: int) -> list[str]:
    """A fixed rate, whether the answers come or not."""
    shape = (str(case.size), str(case.connections), str(per_second), str(seconds))
    return [str(tools.rate), case.protocol.value, address, *shape]


def churning(address: str, connections: int, seconds: int) -> list[str]:
    """Connections that carry one request of HTTP/1.1 each, so many at a time."""
    url = f"http://{address}/{SMALL}"
    return ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", "connection: close", url]


def read_saturating(tools: Generators, case: Case, seconds: int, text: str) -> Outcome:
    match case.protocol:
        case Protocol.HTTP1:
            return read_wrk(text)
        case Protocol.HTTP2:
            return read_h2load(text, tools.log.read_text(), seconds)
        case Protocol.GRPC:
            return read_calls(text, tools.log.read_text(), seconds, tools.message.stat().st_size)
        case Protocol.TCP:
            return read_stream(text)


def message(size: int) -> bytes:
    """A message with one field of `size` bytes, number 1, behind gRPC's prefix."""
    length = bytes([size & 0x7F | 0x80, size >> 7]) if size >= 0x80 else bytes([size])  # up to 16383
    payload = b"\x0a" + length + b"x" * size
    return b"\0" + len(payload).to_bytes(4, "big") + payload


def read_wrk(text: str) -> Outcome:
    total = _search(r"(\d+) requests in ([\d.]+)(\w+),", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    answers = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = sum(map(int, sockets.groups())) if sockets else 0
    wrong = int(answers[1]) if answers else 0
    requests = int(total[1]) - wrong
    return Outcome(
        done=requests,
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
        done=len(durations),
        seconds=seconds,
        errors=max(wrong, int(failed[1]), int(failed[2])),
        p50_s=_quantile(durations, 0.5),
        p99_s=_quantile(durations, 0.99),
        p999_s=_quantile(durations, 0.999),
    )


def read_calls(text: str, log: str, seconds: float, size: int) -> Outcome:
    """A call that fails has status 200 as well, but no message: the bytes of all answers tell."""
    outcome = read_h2load(text, log, seconds)
    messages = int(_search(r"traffic: .*\((\d+)\) data", text)[1]) // size
    lost = max(0, int(outcome.done) - messages)
    return replace(outcome, done=outcome.done - lost, errors=outcome.errors + lost)


def read_stream(text: str) -> Outcome:
    said = json.loads(text)
    return Outcome(said["bytes"] / 1e6, said["seconds"], said["errors"])


def read_steady(text: str, seconds: float) -> Outcome:
    said = json.loads(text)
    quantiles = (None if said[key] is None else said[key] / 1e6 for key in ("p50_us", "p99_us", "p999_us"))
    return Outcome(said["requests"], seconds, said["errors"] + said["unsent"], *quantiles)


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
