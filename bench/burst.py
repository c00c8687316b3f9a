"""What is left in memory of many connections that were open at once."""

import resource
import time
from dataclasses import dataclass

from bench import usage
from bench.connections import holding
from bench.planes import Way

CONNECTIONS = 5000
RECOVERED = 1.2
"""Times the memory before a burst that is as good as before. What is kept since the start is told, and not judged."""
_LOOK_EVERY_S = 0.5
_RECOVERS_S = 30.0


@dataclass(frozen=True, slots=True)
class Burst:
    """Anonymous memory of both proxies together, in MB."""

    connections: int
    start_mb: float
    """Ready, before any load."""
    before_mb: float
    """At rest after some load, before idle connections were opened at all."""
    after_mb: float
    """As soon as it was as good as before, and at most half a minute after the last of the connections was closed."""

    @property
    def of_before(self) -> float:
        return self.after_mb / self.before_mb

    @property
    def of_start(self) -> float:
        return self.after_mb / self.start_mb


def measure(way: Way, scale: float, start_mb: float, before_mb: float) -> Burst:
    """`scale` makes the number of connections smaller. Raises BenchFailed."""
    connections = min(round(CONNECTIONS * scale), _carried_at_most())
    with holding(way) as hold:
        hold(connections)
    # No longer than for the goal: what an allocator keeps is the ground that short connections are measured on.
    until = time.monotonic() + _RECOVERS_S
    while (after := usage.anonymous_mb(way.pair)) > before_mb * RECOVERED and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)
    return Burst(connections, start_mb, before_mb, after)


def _carried_at_most() -> int:
    """A proxy keeps four descriptors for each connection that it takes, and some for itself."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 4 - 100
