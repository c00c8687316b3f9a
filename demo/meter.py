"""What the proxies counted: read again and again, answered as edges."""

from collections import deque

from demo.roster import Roster
from hauberk.telemetry.change import Change, Reading, changes, total
from hauberk.telemetry.query import Edge, edges
from hauberk.telemetry.scrape import Scraper

INTERVAL_S = 1.0
WINDOW_STEPS = 10
"""The live table shows the last ten seconds."""
STEPS_KEPT_MAX = 120


class Meter:
    def __init__(self, scraper: Scraper, roster: Roster) -> None:
        self._scraper = scraper
        self._roster = roster
        self._last: list[Reading] | None = None
        self._steps: deque[list[Change]] = deque(maxlen=STEPS_KEPT_MAX)

    async def read(self) -> None:
        """Reads all proxies. The first reading is only where counting begins."""
        now = await self._scraper.read(self._roster.readable)
        if self._last is not None:
            self._steps.append(changes(self._last, now))
        self._last = now

    def recent(self) -> list[Edge]:
        """The edges of the last seconds."""
        return edges(total(list(self._steps)[-WINDOW_STEPS:]), self._roster.known)

    def all(self) -> list[Edge]:
        """The edges since the first reading, as far as it is kept."""
        return edges(total(self._steps), self._roster.known)
