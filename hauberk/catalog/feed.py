"""Store → catalog: lists and watches, and keeps the latest snapshot. The only file here that waits."""

import asyncio
import logging
from contextlib import aclosing

from hauberk.catalog.join import Join
from hauberk.catalog.kinds import KINDS, Resource
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.model.kinds import Kind, kind_named, kind_of
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.latest import Latest
from hauberk.store.protocol import Event, Gone, Store, StoreUnavailable

EVENTS_PER_TURN = 200
"""How many events are taken in before others, who answer from the latest snapshot, get a turn."""

log = logging.getLogger(__name__)


class Feed:
    """Follows one store. `latest` is complete from the moment that `ready` returns, and never less afterwards."""

    def __init__(self, store: Store, backoff: Backoff) -> None:
        self._store = store
        self._backoff = backoff
        self._join = Join()
        self._listed: dict[Kind, int] = {}
        self._revision = 0
        self._ready = asyncio.Event()
        self.latest: Latest[Snapshot] = Latest(Snapshot.empty())

    async def ready(self) -> None:
        """Returns after the first full listing of all kinds; proxies are answered only from then on."""
        await self._ready.wait()

    async def run(self) -> None:
        """Until cancelled. While the store is away the latest snapshot stays."""
        while True:
            try:
                await self._list()
                self._backoff.reset()
                await self._watch()
            except Gone:
                log.info("the store has forgotten the revision that the catalog was at; listing anew")
            except StoreUnavailable as unavailable:
                pause_s = next(self._backoff)
                log.warning("%s; the catalog stays as it is and asks again in %.1f s", unavailable, pause_s)
                await asyncio.sleep(pause_s)

    async def _list(self) -> None:
        """Lists every kind, and publishes what is known then under the oldest revision of all listings."""
        for group, name in KINDS:
            kind = kind_named(group, name)
            listing = await self._store.list(kind)
            self._join.reset(group, name, [item for item in listing.items if isinstance(item, Resource)])
            self._listed[kind] = listing.revision
        self._publish(min(self._listed.values()))
        self._ready.set()

    async def _watch(self) -> None:
        taken = 0
        async with aclosing(self._store.watch(None, since=self._listed)) as events:
            async for event in events:
                self._take(event)
                taken += 1
                if taken % EVENTS_PER_TURN == 0:
                    await asyncio.sleep(0)

    def _take(self, event: Event) -> None:
        resource = event.resource
        # A kind that was listed later than the first one already shows these events; taking them again would show
        # the past for a moment. A kind that was not listed is not needed.
        listed = self._listed.get(kind_of(resource), event.revision)
        if isinstance(resource, Resource) and event.revision > listed:
            if event.type == "put":
                self._join.put(resource)
            else:
                self._join.delete(resource)
        self._publish(event.revision)

    def _publish(self, revision: int) -> None:
        """A snapshot's version is the newest change in it; a cluster may tell of an older one later."""
        self._revision = max(self._revision, revision)
        self.latest.set(self._join.at(Version(store=self._store.identity, revision=self._revision)))
