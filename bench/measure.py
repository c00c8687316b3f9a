"""One measurement: a load on one plane, and what it cost."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench import usage
from bench.load import Outcome
from bench.planes import Way
from bench.processes import LOAD_CORE, PROXY_CORE, BenchFailed, in_network_of

_LOOK_AT = 0.8
"""When to look at the memory, as a part of the time: connections are open and buffers in use."""
_GRACE_S = 30.0
WORKER = "worker-"
"""How the names of the threads begin that carry Hauberk's traffic."""


@dataclass(frozen=True, slots=True)
class Sample:
    per_second: float
    """Requests (or megabytes) that succeeded."""
    p50_s: float | None
    p99_s: float | None
    p999_s: float | None
    errors: int
    cpu_s: float | None
    """Of both proxies, for each request (or megabyte) that succeeded; with the opening of the connections."""
    rss_mb: float | None
    """Of the larger of the two proxies, under load."""
    anonymous_mb: float | None
    foreign: float
    """The part of the proxies' core that others took, from 0 to 1."""
    spread: float | None = None
    """How far the worker of the client's proxy that did most or least is from the mean, as a part of that."""


def measure(way: Way, argv: list[str], seconds: int, understand: Callable[[str], Outcome]) -> Sample:
    """Runs `argv` in the client's network. Raises BenchFailed."""
    try:
        return _measure(way, in_network_of(way.client, argv, core=LOAD_CORE), seconds, understand)
    except (FileNotFoundError, ProcessLookupError) as error:
        raise BenchFailed(f"a proxy of {way.address} ended under load ({error})") from error


def _measure(way: Way, argv: list[str], seconds: int, understand: Callable[[str], Outcome]) -> Sample:
    before = _workers(way)
    began, used, busy = time.monotonic(), usage.cpu_s(way.pair), usage.core_s(PROXY_CORE)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as load:
        time.sleep(seconds * _LOOK_AT)
        memory = [usage.memory_mb(pid) for pid in way.pair]
        try:
            said, _ = load.communicate(timeout=2 * seconds + _GRACE_S)
        except subprocess.TimeoutExpired:
            load.kill()
            raise BenchFailed(f"{argv} does not end") from None
    used, busy = usage.cpu_s(way.pair) - used, usage.core_s(PROXY_CORE) - busy
    took = time.monotonic() - began
    if load.returncode != 0:
        raise BenchFailed(f"{' '.join(argv)} ended with {load.returncode}:\n{said}")
    outcome = understand(said)
    rss, anonymous = max(memory, default=(None, None))
    return Sample(
        per_second=outcome.rate,
        p50_s=outcome.p50_s,
        p99_s=outcome.p99_s,
        p999_s=outcome.p999_s,
        errors=outcome.errors,
        cpu_s=used / outcome.done if way.pair and outcome.done else None,
        rss_mb=rss,
        anonymous_mb=anonymous,
        foreign=max(0.0, (busy - used) / took),
        spread=spread([after - before[tid] for tid, after in _workers(way).items() if tid in before]),
    )


def spread(shares: list[float]) -> float | None:
    """None where there is only one, or nothing was done."""
    mean = sum(shares) / len(shares) if shares else 0.0
    return max(abs(share - mean) for share in shares) / mean if len(shares) > 1 and mean else None


def _workers(way: Way) -> dict[int, float]:
    return usage.threads_s(way.pair[0], WORKER) if way.pair else {}
