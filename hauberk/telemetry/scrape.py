"""Reads many proxies' admin endpoints at once."""

import asyncio
from collections.abc import Sequence
from typing import Self

import aiohttp

from hauberk.runtime.clock import Clock
from hauberk.telemetry.change import Reading
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.target import Target

SCRAPES_MAX = 32
"""Proxies read at the same time."""
TIMEOUT_S = 2.0
PAGE_BYTES_MAX = 32 << 20


class Scraper:
    """Reads proxies again and again over kept connections. Use as an async context manager."""

    def __init__(self, parser: Parser, clock: Clock, *, timeout_s: float = TIMEOUT_S) -> None:
        self._parser = parser
        self._clock = clock
        self._slots = asyncio.Semaphore(SCRAPES_MAX)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=self._timeout,
            connector=aiohttp.TCPConnector(limit=SCRAPES_MAX),
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def read(self, targets: Sequence[Target]) -> list[Reading]:
        """One reading for each target, in their order; one that fails carries the reason instead of samples."""
        return list(await asyncio.gather(*(self._read_one(target) for target in targets)))

    async def page(self, target: Target) -> str:
        """The text of a proxy's page. Raises OSError, TimeoutError or aiohttp.ClientError."""
        if self._session is None:
            raise RuntimeError("the scraper is not open")
        host = f"[{target.address}]" if ":" in target.address else target.address
        async with self._slots, self._session.get(f"http://{host}:{target.port}/metrics") as response:
            response.raise_for_status()
            body = await response.content.read(PAGE_BYTES_MAX)
            while len(body) < PAGE_BYTES_MAX and (more := await response.content.read(PAGE_BYTES_MAX - len(body))):
                body += more
            return body.decode("utf-8", "replace")

    async def _read_one(self, target: Target) -> Reading:
        try:
            text = await self.page(target)
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            return Reading(target, self._clock.monotonic(), (), error=str(error) or type(error).__name__)
        return Reading(target, self._clock.monotonic(), self._parser.parse(text))
