"""Watches: changes of a collection as lines of JSON, until the client, the time limit or the server ends it."""

import asyncio
from contextlib import aclosing, suppress
from typing import Any

import msgspec
from aiohttp import web

from hauberk.apiserver.options import ListOptions
from hauberk.apiserver.rendering import Rendering
from hauberk.apiserver.status import Refused, expired
from hauberk.apiserver.target import Target
from hauberk.apiserver.watch_view import WatchView
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import Gone, Store

MAX_WATCHERS = 1024
"""Every program in the mesh has one (for the names of Services), every command with -w another."""

_DEFAULT_S = 1800
_LONGEST_S = 3600
_BOOKMARK_S = 30.0
_FAREWELL_S = 1.0


class _Ended(Exception):
    """The watch is over: the time that was asked for has passed, the server closes, or the client has to list again."""


class Watchers:
    """All watches of a server."""

    def __init__(self, store: Store, *, limit: int = MAX_WATCHERS) -> None:
        self._store = store
        self._limit = limit
        self._count = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End all watches; their clients come back, to whoever serves then."""
        self._closing.set()

    async def serve(
        self, request: web.Request, target: Target, options: ListOptions, rendering: Rendering
    ) -> web.StreamResponse:
        """Answer a watch request. Raises Refused before anything was sent."""
        if self._count >= self._limit:
            raise Refused(429, "TooManyRequests", f"{self._limit} watches are open already", retry_after_s=5)
        self._count += 1
        try:
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            watch = _Watch(self._store, response, target, options, rendering)
            with suppress(ConnectionError):
                await watch.run(self._closing)
                await _farewell(request, response)
            return response
        finally:
            self._count -= 1


class _Watch:
    """One watch. `position` is the revision up to which the client has been told everything."""

    def __init__(
        self, store: Store, response: web.StreamResponse, target: Target, options: ListOptions, rendering: Rendering
    ) -> None:
        self._store = store
        self._response = response
        self._target = target
        self._options = options
        self._rendering = rendering
        self._position = 0

    async def run(self, closing: asyncio.Event) -> None:
        view = await self._begin()
        try:
            async with asyncio.TaskGroup() as group:
                spawn(group, self._changes(view), name="watch-changes")
                spawn(group, self._limits(closing), name="watch-limits")
                if self._options.bookmarks:
                    spawn(group, self._bookmarks(), name="watch-bookmarks")
        except* (_Ended, ConnectionError):
            pass

    async def _begin(self) -> WatchView:
        """Tell what is there already, if the client does not know it."""
        listing = await self._store.list(self._target.kind)
        since = self._options.resource_version
        view = WatchView(self._options.selection, namespace=self._target.namespace, replayed_to=listing.revision)
        if since and not self._options.initial_events:
            self._position = since
            # What has not changed since then is known to the client.
            view.begin(item for item in listing.items if int(item.metadata.resource_version) <= since)
            return view
        self._position = listing.revision
        for resource in view.begin(listing.items):
            await self._send("ADDED", self._rendering.one(resource))
        if self._options.initial_events:
            await self._bookmark({"k8s.io/initial-events-end": "true"})
        return view

    async def _changes(self, view: WatchView) -> None:
        try:
            # All kinds are followed, not only this one, so that the position advances while nothing of this kind
            # changes; a bookmark must never name a revision of which the client has not been told everything.
            async with aclosing(self._store.watch(None, since=self._position)) as events:
                async for event in events:
                    if self._target.has(event.resource):
                        change = view.change(event)
                        if change is not None:
                            await self._send(change, self._rendering.one(event.resource, revision=event.revision))
                    self._position = event.revision
        except Gone:
            too_old = expired(f"resource version {self._position} is no longer kept: list again")
            await self._send("ERROR", too_old.to_status())
            raise _Ended from None

    async def _limits(self, closing: asyncio.Event) -> None:
        asked = self._options.timeout_s
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_DEFAULT_S if asked is None else asked, _LONGEST_S)):
                await closing.wait()
        raise _Ended

    async def _bookmarks(self) -> None:
        while True:
            await asyncio.sleep(_BOOKMARK_S)
            await self._bookmark({})

    async def _bookmark(self, annotations: dict[str, str]) -> None:
        metadata: dict[str, Any] = {"resourceVersion": str(self._position)}
        if annotations:
            metadata["annotations"] = annotations
        kind = self._target.kind.kind
        await self._send("BOOKMARK", {"kind": kind, "apiVersion": self._target.api_version, "metadata": metadata})

    async def _send(self, change: str, document: dict[str, Any]) -> None:
        """Write one event; waits while the client does not read."""
        await self._response.write(msgspec.json.encode({"type": change, "object": document}) + b"\n")


async def _farewell(request: web.Request, response: web.StreamResponse) -> None:
    """End the answer; a client that does not read is cut off."""
    try:
        async with asyncio.timeout(_FAREWELL_S):
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
