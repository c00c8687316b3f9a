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


@dataclass(frozen=True, slots=True)
class Sample:
    per_second: float
    """Requests that succeeded."""
    p50_s: float | None
    p99_s: float | None
    errors: int
    cpu_s: float | None
    """Of both proxies, for each request that succeeded; with the opening of the connections."""
    rss_mb: float | None
    """Of the larger of the two proxies, under load."""
    anonymous_mb: float | None
    foreign: float
    """The part of the proxies' core that others took, from 0 to 1."""


def measure(way: Way, argv: list[str], beside: int, seconds: int, understand: Callable[[str], Outcome]) -> Sample:
    """Runs `argv` in the network of the process `beside`. Raises BenchFailed."""
    try:
        return _measure(way, in_network_of(beside, argv, core=LOAD_CORE), seconds, understand)
    except (FileNotFoundError, ProcessLookupError) as error:
        raise BenchFailed(f"a proxy of {way.address} ended under load ({error})") from error


def _measure(way: Way, argv: list[str], seconds: int, understand: Callable[[str], Outcome]) -> Sample:
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
        errors=outcome.errors,
        cpu_s=used / outcome.requests if way.pair and outcome.requests else None,
        rss_mb=rss,
        anonymous_mb=anonymous,
        foreign=max(0.0, (busy - used) / took),
    )
