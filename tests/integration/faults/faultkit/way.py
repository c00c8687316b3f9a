"""Bytes on their way through the relay: each piece arrives when it is due, and there is room for so many."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

_SHORT = 256 * 1024
_LONG = 64 * 1024 * 1024
"""More than any bandwidth here times any delay. A way without one holds little: else it hid that nobody reads."""


@dataclass
class Weather:
    """What holds for all connections of a relay at a time."""

    delay_s: float = 0.0
    """Each way."""
    rate: float | None = None
    """Bytes each second, in each direction of each connection."""
    calm: asyncio.Event = field(default_factory=asyncio.Event)
    """Unset: nothing is read and nothing is written, and nobody is told."""


class Way:
    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._free_at = 0.0
        self._changed = asyncio.Condition()

    async def put(self, piece: bytes) -> None:
        """Send a piece on its way, once there is room for it; an empty one is the end."""
        now = asyncio.get_running_loop().time()
        if self._weather.rate:
            self._free_at = max(self._free_at, now) + len(piece) / self._weather.rate
        async with self._changed:
            await self._changed.wait_for(lambda: self._bytes < (_LONG if self._weather.delay_s else _SHORT))
            self._pieces.append((max(now, self._free_at) + self._weather.delay_s, piece))
            self._bytes += len(piece)
            self._changed.notify_all()

    async def get(self) -> bytes:
        """The next piece, when it is due."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._pieces))
            due, piece = self._pieces.popleft()
            self._bytes -= len(piece)
            self._changed.notify_all()
        if (wait := due - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(wait)
        return piece
