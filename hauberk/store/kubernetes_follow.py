"""Follows one kind of a cluster: lists it, then takes in its changes, for as long as it is let."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing, suppress
from random import Random

from hauberk.client.api import Client
from hauberk.client.errors import ApiError, Busy, Gone, NotFound
from hauberk.client.kinds import qualified
from hauberk.client.paging import all_pages
from hauberk.model.kinds import Kind
from hauberk.runtime.backoff import Backoff
from hauberk.store.kubernetes_cache import Cache
from hauberk.store.kubernetes_reading import Item, LeftOut, Mark, Page, Reader
from hauberk.store.kubernetes_trouble import unavailable
from hauberk.store.protocol import StoreUnavailable

UNKNOWN_S = 10.0
"""Between looks for a kind that the server does not know."""
_STREAM_S = (240, 360)
"""The server is asked to end a stream after a time between these, so that not all begin anew at once."""
_SILENCE_S = 30.0
"""Longer than that no stream may last beyond its end."""
_STEADY_S = 10.0
"""An attempt that lasted so long was well: the next one comes after the shortest pause."""

log = logging.getLogger(__name__)


class Follower:
    """`run` fills the cache."""

    def __init__(
        self,
        client: Client,
        kind: Kind,
        cache: Cache,
        changed: Callable[[], None],
        *,
        rng: Random,
        unknown_s: float = UNKNOWN_S,
    ) -> None:
        """`changed` is called after each change of the cache and of `trouble`."""
        self.trouble: StoreUnavailable | None = None
        """Why the kind is not followed at this moment; what was known of it stays."""
        self._client = client
        self._kind = kind
        self._cache = cache
        self._changed = changed
        self._rng = rng
        self._unknown_s = unknown_s
        self._reader = Reader(kind)
        self._backoff = Backoff(0.1, 5.0, 0.2, rng)
        self._version = kind.versions[0]
        self._stale = True
        self._unknown = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            began = asyncio.get_running_loop().time()
            at_least_s = await self._attempt()
            if asyncio.get_running_loop().time() - began > _STEADY_S:
                self._backoff.reset()
            await asyncio.sleep(max(at_least_s, next(self._backoff)))

    async def _attempt(self) -> float:
        """List if need be, and take in one stream; return the least pause before the next attempt, in seconds."""
        verb = "list" if self._stale else "watch"
        try:
            if self._stale:
                await self._list()
                verb = "watch"
            await self._stream()
        except Gone:
            log.info("changes of %s were missed: listing anew", qualified(self._kind))
            self._stale = True
        except NotFound:
            return self._is_unknown()
        except ApiError as error:
            self._fails(unavailable(error, verb, self._kind))
            return error.retry_after_s if isinstance(error, Busy) else 0.0
        return 0.0

    async def _list(self) -> None:
        pages = await self._pages()
        items = (item for page in pages for item in page.items)
        self._report(self._cache.listed(self._kind, items, pages[-1].revision))
        self._stale = self._unknown = False
        self._works()
        self._changed()

    async def _pages(self) -> list[Page]:
        """In the newest version that the server knows; raises NotFound where it knows none."""
        *newer, oldest = self._kind.versions
        for version in newer:
            with suppress(NotFound):
                return await self._pages_of(version)
        return await self._pages_of(oldest)

    async def _pages_of(self, version: str) -> list[Page]:
        async def ask(query: Mapping[str, str]) -> Page:
            return self._reader.page(await self._client.read(self._kind, query, version=version))

        self._version = version
        return await all_pages(ask, {}, lambda page: page.following)

    async def _stream(self) -> None:
        seconds = self._rng.randrange(*_STREAM_S)
        query = {
            "resourceVersion": str(self._cache.position(self._kind)),
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        batches = self._client.batches(self._kind, query, silence_s=seconds + _SILENCE_S, version=self._version)
        async with aclosing(batches):
            async for batch in batches:
                self._works()
                for line in batch:
                    self._take(line)
                self._changed()

    def _take(self, line: bytes) -> None:
        change = self._reader.change(line)
        if isinstance(change, Mark):
            self._cache.marked(self._kind, change.revision)
        else:
            self._report(self._cache.changed(self._kind, change.item, deleted=change.deleted))

    def _is_unknown(self) -> float:
        """The server does not know the kind; return when to look again.

        That is an empty listing: its definition may be installed later. What was known goes only when it is still so at
        the second look, because a server that has just begun may not know yet what it will serve.
        """
        self._stale = True
        if self._unknown or not self._cache.list(self._kind, None):
            # Whatever is made of a definition that is installed later is newer than all that is known now.
            self._cache.listed(self._kind, (), self._cache.newest)
            self._works()
            self._changed()
        if not self._unknown:
            log.info("%s are not known to the API server: none until they are", qualified(self._kind))
        self._unknown = True
        return self._unknown_s

    def _works(self) -> None:
        if self.trouble is not None:
            log.info("%s are followed again", qualified(self._kind))
            self.trouble = None

    def _fails(self, trouble: StoreUnavailable) -> None:
        if self.trouble is None or self.trouble.why != trouble.why:
            log.warning("%s are not followed and stay as they are: %s", qualified(self._kind), trouble)
        self.trouble = trouble
        self._changed()

    def _report(self, new: Iterable[Item]) -> None:
        for item in new:
            if isinstance(item, LeftOut):
                if item.reason:
                    log.warning("%s makes no sense and is left out: %s", item.ref, item.reason)
            elif item.remarks:
                log.warning("%s is taken without this: %s", item.ref, "; ".join(item.remarks))
