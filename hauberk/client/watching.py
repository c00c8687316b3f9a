"""Following a collection: three generators, each around the one before.

    stream          one HTTP answer: changes since a resource version, until the server ends it
    until_gone      a listing, then streams one after another, until the resource version is no longer kept
    forever         that, again and again, with back-off while nobody answers

What comes out is level-triggered: `Listed` is everything there is (whatever is not in it is gone), `Put` and `Deleted`
are the changes since. A consumer that does as they say is never wrong for longer than it is behind.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from hauberk.client.errors import ApiError, Busy, Forbidden, Garbled, Gone, Invalid, NotFound, from_status

_log = logging.getLogger(__name__)

STREAM_S = 300
"""The server is asked to end a stream after this time, so that a dead one is not kept for ever."""
_SILENCE_S = STREAM_S + 30.0
_BREATH_S = 0.1
"""Between streams and between listings, so that a server that ends each at once is not asked in a tight loop."""
_STEADY_S = 10.0
"""A watch that lived for so long was well: the next failure starts from the shortest pause again."""


@dataclass(frozen=True)
class Listed:
    """All that there is, as dictionaries of Kubernetes' JSON, and the resource version at which that is so."""

    items: tuple[dict[str, Any], ...]
    resource_version: str


@dataclass(frozen=True)
class Put:
    """The object is new or has changed."""

    item: dict[str, Any]


@dataclass(frozen=True)
class Deleted:
    """The object, as it was last, is gone."""

    item: dict[str, Any]


WatchEvent = Listed | Put | Deleted


class Source(Protocol):
    """A collection that can be listed and streamed."""

    async def list(self) -> Listed: ...

    def lines(
        self, *, resource_version: str, timeout_s: int, silence_s: float
    ) -> AsyncGenerator[dict[str, Any], None]: ...


@dataclass
class Position:
    """How far a watch has come."""

    resource_version: str


async def stream(source: Source, position: Position) -> AsyncGenerator[Put | Deleted, None]:
    """Yield the changes of one answer and move `position` along. Raises Gone, or what else the server reports."""
    lines = source.lines(resource_version=position.resource_version, timeout_s=STREAM_S, silence_s=_SILENCE_S)
    async with aclosing(lines):
        async for line in lines:
            item = line.get("object")
            if not isinstance(item, dict):
                raise Garbled("a watch event has no object")
            if line.get("type") == "ERROR":
                raise from_status(int(item.get("code") or 500), item)
            position.resource_version = str(item.get("metadata", {}).get("resourceVersion", position.resource_version))
            match line.get("type"):
                case "ADDED" | "MODIFIED":
                    yield Put(item)
                case "DELETED":
                    yield Deleted(item)


async def until_gone(source: Source) -> AsyncGenerator[WatchEvent, None]:
    """Yield everything, then every change, until the server no longer has the changes that were missed."""
    listed = await source.list()
    yield listed
    position = Position(listed.resource_version)
    while True:
        try:
            async with aclosing(stream(source, position)) as events:
                async for event in events:
                    yield event
        except Gone:
            return
        await asyncio.sleep(_BREATH_S)


async def forever(source: Source, *, pauses: Callable[[], Iterator[float]]) -> AsyncGenerator[WatchEvent, None]:
    """Yield everything and every change for as long as the consumer asks.

    While nobody answers it waits, by `pauses` (seconds, shortest first, endless), and then lists again. An error that
    does not pass by itself (not allowed, no such kind) is raised.
    """
    waits = pauses()
    while True:
        began = asyncio.get_running_loop().time()
        try:
            async with aclosing(until_gone(source)) as events:
                async for event in events:
                    yield event
            await asyncio.sleep(_BREATH_S)
        except (Forbidden, NotFound, Invalid):
            raise
        except ApiError as e:
            if asyncio.get_running_loop().time() - began > _STEADY_S:
                waits = pauses()
            pause = max(next(waits), e.retry_after_s if isinstance(e, Busy) else 0.0)
            _log.info("watch interrupted, listing again in %.1f s: %s", pause, e)
            await asyncio.sleep(pause)
