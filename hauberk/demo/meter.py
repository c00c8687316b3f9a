"""What the proxies counted: read again and again, answered as edges."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from hauberk.demo.roster import Roster
from hauberk.telemetry.change import Change, Reading, changes, total
from hauberk.telemetry.query import Edge, edges
from hauberk.telemetry.target import Target

INTERVAL_S = 1.0
WINDOW_STEPS = 10
"""The live table shows the last ten seconds."""
STEPS_KEPT_MAX = 120


class Reader(Protocol):
    """Who reads proxies: directly, or through an API server."""

    async def read(self, targets: Sequence[Target]) -> list[Reading]: ...


class Meter:
    def __init__(self, scraper: Reader, roster: Roster) -> None:
        self._scraper = scraper
        self._roster = roster
        self._last: list[Reading] | None = None
        self.unread: dict[str, str] = {}
        """Which proxies could not be read the last time, and why."""
        self._steps: deque[list[Change]] = deque(maxlen=STEPS_KEPT_MAX)

    async def read(self) -> None:
        """Reads all proxies. The first reading is only where counting begins."""
        now = await self._scraper.read(self._roster.readable)
        if self._last is not None:
            self._steps.append(changes(self._last, now))
        self._last = now
        self.unread = {reading.target.name: reading.error for reading in now if reading.error is not None}

    def recent(self) -> list[Edge]:
        """The edges of the last seconds."""
        return edges(total(list(self._steps)[-WINDOW_STEPS:]), self._roster.known)

    def all(self) -> list[Edge]:
        """The edges since the first reading, as far as it is kept."""
        return edges(total(self._steps), self._roster.known)
