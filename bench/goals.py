"""What the project has set itself, and whether a run shows it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.burst import RECOVERED
from bench.cases import LOADED, SMALL, Case, Protocol
from bench.control_plane import ControlPlane
from bench.memory import Memory
from bench.path import Path
from bench.planes import ENVOYS, HAUBERK, NONE, RELAY, TWO_WORKERS, WORKERS_CASE
from bench.result import Result, Summary, cpu_ratio
from bench.start import Start

HTTP1_OF_RELAY = {LOADED: 0.95, 8: 1.2}
"""CPU, by connections, with small bodies."""
OF_RELAY = 1.6
OF_ENVOY = 0.5
LARGE_HTTP1_OF_ENVOY = 0.6
"""Large bodies without frames: both sides copy and encrypt, and little else."""
STREAM_RATE_OF_RELAY = 0.95
STREAM_CPU_OF_RELAY = 1.05
ALONE_OF_RELAY = 1.5
P999_OF_RELAY = 2.0
IDLE_MB = 2.5
BUSY_ANONYMOUS_MB = 5.0
BUSY_RSS_MB = 14.0
EACH_KB = 12.0
FLAT = 1.05
"""What is measured twice differs by so much."""
LOADED_MB = 18.0
BINARY_MB = 15.0
BEYOND_CERTIFICATE_MS = 50.0
TWO_WORKERS_OF_ONE = 1.1
SPREAD = 0.2
FAR_OF_HTTP1 = 0.8
CONTROL_PLANE_READY_S = 2.0
CONTROL_PLANE_MB = 150.0


@dataclass(frozen=True, slots=True)
class Goal:
    what: str
    value: float
    limit: float
    at_least: bool = False
    """Else the value is to be at most the limit."""

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Facts:
    """All that goals are about; what was not asked is empty or None."""

    results: Sequence[Result]
    memory: Sequence[Memory] = ()
    control_plane: ControlPlane | None = None
    paths: Sequence[Path] = ()
    start: Start | None = None
    binary_mb: float | None = None


def judge(facts: Facts) -> list[Goal]:
    """The goals that this run can tell something of."""
    goals: list[Goal] = []
    for case in dict.fromkeys(result.case for result in facts.results):
        planes = {r.plane: r for r in facts.results if r.case == case}
        goals.extend(_stream(case, planes) if case.is_stream else _requests(case, planes))
    goals.extend(_workers({r.plane: r for r in facts.results if r.case == WORKERS_CASE}))
    goals.extend(goal for memory in facts.memory if memory.plane == HAUBERK for goal in _memory(memory))
    goals.extend(_far({path.plane: path.mb_per_s for path in facts.paths}))
    if facts.start is not None:
        what = "start to ready, ms beyond the certificate's round trip"
        goals.append(Goal(what, facts.start.beyond_ms, BEYOND_CERTIFICATE_MS))
    if facts.binary_mb is not None:
        goals.append(Goal("binary without symbols, MB", facts.binary_mb, BINARY_MB))
    ours = [r for r in facts.results if r.plane in {HAUBERK, TWO_WORKERS}]
    goals.append(Goal("failed requests through Hauberk", _failed(ours), 0))
    if facts.control_plane is not None:
        goals.append(Goal("control plane, ready after s", facts.control_plane.ready_s, CONTROL_PLANE_READY_S))
        goals.append(Goal("control plane, RSS in MB", facts.control_plane.rss_mb, CONTROL_PLANE_MB))
    return goals


def added(result: Result, none: Result | None, quantile: Callable[[Summary], float | None]) -> float | None:
    """What a plane adds to a latency, in µs, over no plane at all."""
    if none is None:
        return None
    with_plane, without = quantile(result.saturated), quantile(none.saturated)
    return None if with_plane is None or without is None else with_plane - without


def better_envoy(planes: Mapping[str, Result]) -> Summary | None:
    """That of those Envoys that were measured which takes less CPU."""
    measured = (planes[name].saturated for name in ENVOYS if name in planes)
    return min(measured, key=lambda found: found.cpu_us_per_request or math.inf, default=None)


def _requests(case: Case, planes: dict[str, Result]) -> Iterator[Goal]:
    ours = _saturated(planes, HAUBERK)
    of_relay, of_envoy = cpu_ratio(ours, _saturated(planes, RELAY)), cpu_ratio(ours, better_envoy(planes))
    small, loaded = case.size == SMALL, case.connections == LOADED
    http1 = case.protocol is Protocol.HTTP1
    limit = HTTP1_OF_RELAY.get(case.connections) if small and http1 else (OF_RELAY if loaded else None)
    if of_relay is not None and limit is not None:
        yield Goal(f"{case}: CPU, times the relay pair's", of_relay, limit)
    if of_envoy is not None and loaded:
        limit = LARGE_HTTP1_OF_ENVOY if http1 and not small else OF_ENVOY
        yield Goal(f"{case}: CPU, times the better Envoy pair's", of_envoy, limit)
    if case.connections == 1 and small and http1:
        yield from _alone(case, planes)
    if small and loaded:
        yield from _held(case, planes)
    if loaded and ours is not None and ours.rss_mb is not None:
        yield Goal(f"{case}: RSS in MB", ours.rss_mb, LOADED_MB)


def _alone(case: Case, planes: dict[str, Result]) -> Iterator[Goal]:
    ours, relay = (
        added(planes[name], planes.get(NONE), lambda summary: summary.p50_us) if name in planes else None
        for name in (HAUBERK, RELAY)
    )
    if ours is not None and relay:
        yield Goal(f"{case}: p50 added, times what the relay pair adds", ours / relay, ALONE_OF_RELAY)


def _held(case: Case, planes: dict[str, Result]) -> Iterator[Goal]:
    ours, relay = (planes[name].steady if name in planes else None for name in (HAUBERK, RELAY))
    if ours is not None and relay is not None and ours.p999_us is not None and relay.p999_us:
        what = f"{case}: p99.9 at half of the saturation rate, times the relay pair's"
        yield Goal(what, ours.p999_us / relay.p999_us, P999_OF_RELAY)


def _stream(case: Case, planes: dict[str, Result]) -> Iterator[Goal]:
    ours, relay = _saturated(planes, HAUBERK), _saturated(planes, RELAY)
    if ours is None or relay is None or not relay.requests_per_s:
        return
    rate = ours.requests_per_s / relay.requests_per_s
    yield Goal(f"{case}: MB/s, times the relay pair's", rate, STREAM_RATE_OF_RELAY, at_least=True)
    if (ratio := cpu_ratio(ours, relay)) is not None:
        yield Goal(f"{case}: CPU for each GB, times the relay pair's", ratio, STREAM_CPU_OF_RELAY)


def _workers(planes: dict[str, Result]) -> Iterator[Goal]:
    two = _saturated(planes, TWO_WORKERS)
    if two is None:
        return
    if (ratio := cpu_ratio(two, _saturated(planes, HAUBERK))) is not None:
        yield Goal(f"{WORKERS_CASE}: CPU with two workers, times one's", ratio, TWO_WORKERS_OF_ONE)
    if two.spread is not None:
        yield Goal(f"{WORKERS_CASE}: a worker's distance from the mean", two.spread, SPREAD)


def _memory(memory: Memory) -> Iterator[Goal]:
    yield Goal("anonymous MB, idle", memory.idle_mb, IDLE_MB)
    yield Goal(f"anonymous MB, {LOADED} busy connections", memory.busy_anonymous_mb, BUSY_ANONYMOUS_MB)
    yield Goal(f"RSS in MB, {LOADED} busy connections", memory.busy_rss_mb, BUSY_RSS_MB)
    yield Goal("KB for each further idle HTTP connection, pair", memory.http_kb, EACH_KB)
    if memory.opaque_kb is not None:
        yield Goal("KB for each further idle opaque connection, pair", memory.opaque_kb, EACH_KB)
    if (burst := memory.burst) is not None:
        yield Goal(f"memory after {burst.connections:,} connections at once, times before", burst.of_before, RECOVERED)
    if (churn := memory.churn) is not None:
        what = f"memory after {churn.connections:,} short connections, times after a quarter of them"
        yield Goal(what, churn.ratio, FLAT)


def _far(rates: dict[str, float]) -> Iterator[Goal]:
    if HAUBERK in rates and RELAY in rates:
        what = "100 MB over a 20 ms path: rate, times HTTP/1's through the relay pair"
        yield Goal(what, rates[HAUBERK] / rates[RELAY], FAR_OF_HTTP1, at_least=True)


def _saturated(planes: Mapping[str, Result], name: str) -> Summary | None:
    return planes[name].saturated if name in planes else None


def _failed(results: Iterable[Result]) -> int:
    return sum(r.saturated.errors + (r.steady.errors if r.steady else 0) for r in results)
