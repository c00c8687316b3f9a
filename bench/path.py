"""How quickly a large body comes over a long way."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.distance import ONE_WAY_MS
from bench.mesh import BODY
from bench.planes import Plane, Way
from bench.processes import BenchFailed, run_module

_BODIES = 8
"""In each round. One takes a third of a second, and the next may take half or twice as long."""


@dataclass(frozen=True, slots=True)
class Path:
    """One plane over the long way."""

    plane: str
    mb_per_s: float
    """The median of all bodies; on a connection that was used before."""
    bodies: int


def measure(planes: Sequence[Plane], rounds: int) -> list[Path]:
    """The planes that have a long way, in turn. Raises BenchFailed."""
    ways = {plane.name: plane.far for plane in planes if plane.far is not None}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    bodies = rounds * _BODIES
    for _ in range(bodies):
        for name, way in ways.items():
            seconds[name].append(_fetch(name, way))
    return [Path(name, BODY / 1e6 / statistics.median(took), bodies) for name, took in seconds.items()]


def _fetch(plane: str, way: Way) -> float:
    try:
        printed = run_module(way.client, "bench.fetch", way.address, str(BODY))
    except BenchFailed as failed:
        raise BenchFailed(f"{plane} does not bring a large body over the long way: {failed}") from None
    small, large = map(float, printed.split())
    if small < 2 * ONE_WAY_MS / 1000:
        raise BenchFailed(f"{plane} was answered in {small * 1000:.1f} ms: it did not take the long way")
    return large
