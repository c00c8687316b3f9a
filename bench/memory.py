"""What the proxies hold: at rest, busy, for each further connection, after a burst and under churn."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench import burst, load, usage
from bench.burst import Burst
from bench.cases import LOADED, SMALL, Case
from bench.cases import Protocol as Spoken
from bench.connections import holding
from bench.measure import Sample, measure
from bench.planes import HAUBERK, Plane, Way
from bench.processes import BenchFailed

HELD = (1000, 2000)
"""Idle connections, between whose numbers the slope is taken."""
CHURN = 100_000
"""Short connections, one after another; LOADED at a time."""
_BUSY_S = 2
_CHURN_S = 2
_CHURNS_MAX = 60
_LOOK_EVERY_S = 0.5
_STEADY = 0.005
_SETTLES_S = 10.0


@dataclass(frozen=True, slots=True)
class Churn:
    """Anonymous memory of both proxies, in MB: after a quarter of many short connections, and after the last."""

    connections: int
    before_mb: float
    after_mb: float

    @property
    def ratio(self) -> float:
        return self.after_mb / self.before_mb


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one plane. Of the larger proxy, where not of the pair."""

    plane: str
    idle_mb: float
    """Anonymous, ready, before any load."""
    busy_anonymous_mb: float
    busy_rss_mb: float
    http_kb: float
    """Of the pair, anonymous, for each further idle HTTP connection."""
    opaque_kb: float | None
    """The same where bytes are not looked at; None where that is no other way."""
    burst: Burst | None
    """Only Hauberk is asked, so with the next."""
    churn: Churn | None


class Gauge(Protocol):
    def saturate(self, case: Case, plane: Plane, seconds: int) -> Sample: ...


def can_be_asked(plane: Plane) -> bool:
    """Planes for every case only, whose connections can be opened by HTTP/1."""
    return Spoken.HTTP1 in plane.ways and plane.only is None


def idle_mb(plane: Plane) -> Sequence[float]:
    """The anonymous memory of each proxy. To be asked before any load."""
    return [usage.anonymous_mb([pid]) for pid in plane.ways[Spoken.HTTP1].pair]


def measure_plane(
    plane: Plane, gauge: Gauge, idle: Sequence[float], scale: float, say: Callable[[str], None]
) -> Memory:
    """`idle` is of each proxy; `scale` makes all numbers of connections smaller. Raises BenchFailed."""
    way, ours = plane.ways[Spoken.HTTP1], plane.name == HAUBERK
    say(f"memory, {plane.name}: busy")
    busy = gauge.saturate(Case(Spoken.HTTP1, SMALL, LOADED), plane, _BUSY_S)
    rest = _settled(way.pair)
    say(f"memory, {plane.name}: idle connections")
    http, opaque = (_each_kb(each, scale) if each else None for each in (way, plane.opaque))
    if http is None or busy.anonymous_mb is None or busy.rss_mb is None:
        raise BenchFailed(f"{plane.name} has no proxies whose memory could be looked at")
    say(f"memory, {plane.name}: a burst, and short connections")
    return Memory(
        plane=plane.name,
        idle_mb=max(idle),
        busy_anonymous_mb=busy.anonymous_mb,
        busy_rss_mb=busy.rss_mb,
        http_kb=http,
        opaque_kb=opaque,
        burst=burst.measure(way, scale, sum(idle), rest) if ours else None,
        churn=_churn(way, round(CHURN * scale)) if ours else None,
    )


def _each_kb(way: Way, scale: float) -> float:
    fewer, more = (round(number * scale) for number in HELD)
    with holding(way) as hold:
        hold(fewer)
        before = _settled(way.pair)
        hold(more)
        after = _settled(way.pair)
    return (after - before) * 1024 / (more - fewer)


def _churn(way: Way, connections: int) -> Churn:
    done, before, errors = 0.0, None, 0
    for _ in range(_CHURNS_MAX):
        sample = measure(way, load.churning(way.address, LOADED, _CHURN_S), _CHURN_S, load.read_wrk)
        done += sample.per_second * _CHURN_S
        errors += sample.errors
        if before is None and done >= connections / 4:
            before = _settled(way.pair)
        if done >= connections:
            break
    if before is None or errors:
        raise BenchFailed(f"short connections: {done:,.0f} were served, {errors} failed")
    return Churn(round(done), before, _settled(way.pair))


def _settled(pair: Sequence[int]) -> float:
    """The anonymous memory once it hardly changes, or after a while."""
    until = time.monotonic() + _SETTLES_S
    last, same = usage.anonymous_mb(pair), 0
    while same < 3 and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
        now = usage.anonymous_mb(pair)
        same = same + 1 if abs(now - last) <= last * _STEADY else 0
        last = now
    return last
