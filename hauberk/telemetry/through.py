"""Reads proxies through a cluster's API server, which reaches pods from wherever its caller is."""

import asyncio
from collections.abc import Sequence

from hauberk.client.api import Client
from hauberk.client.errors import ApiError
from hauberk.model.kinds import kind_named
from hauberk.runtime.clock import Clock
from hauberk.telemetry.change import Reading
from hauberk.telemetry.parse import Parser
from hauberk.telemetry.target import Target

READS_MAX = 8
"""Proxies read at the same time: each is a request that the API server passes on."""
TIMEOUT_S = 5.0


class ThroughApi:
    """Needs `get` of `pods/proxy`."""

    def __init__(self, client: Client, parser: Parser, clock: Clock) -> None:
        self._client = client
        self._parser = parser
        self._clock = clock
        self._slots = asyncio.Semaphore(READS_MAX)

    async def read(self, targets: Sequence[Target]) -> list[Reading]:
        """One reading for each target, in their order; one that fails carries the reason instead of samples."""
        return list(await asyncio.gather(*(self._read_one(target) for target in targets)))

    async def _read_one(self, target: Target) -> Reading:
        pod, name = kind_named("", "Pod"), f"{target.pod}:{target.port}"
        try:
            async with self._slots, asyncio.timeout(TIMEOUT_S):
                page = await self._client.content(pod, name, namespace=target.namespace, subresource="proxy/metrics")
        except (ApiError, TimeoutError) as error:
            return Reading(target, self._clock.monotonic(), (), error=str(error) or "no answer in time")
        return Reading(target, self._clock.monotonic(), self._parser.parse(page.decode("utf-8", "replace")))
