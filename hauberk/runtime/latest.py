"""A value of which only the latest counts."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """One writer, many readers; a reader that is slow sees fewer values and never old ones. Not thread-safe.

    There is no queue: what a reader has not seen is one number away from what is, however much happened in between.
    """

    def __init__(self, value: T) -> None:
        self._value = value
        self._version = 0
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def value(self) -> T:
        return self._value

    @property
    def version(self) -> int:
        """How often the value was set since the beginning."""
        return self._version

    def set(self, value: T) -> None:
        """Replace the value and wake all who wait, also when it equals the old one."""
        self._value = value
        self._version += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self, seen: int) -> int:
        """Return the version as soon as it is another than `seen`; at once if it is already."""
        while self._version == seen:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                await waiter
            finally:
                self._waiters.discard(waiter)
        return self._version

    async def watch(self) -> AsyncGenerator[T, None]:
        """Yield the value as it is now, and then each time that it was set since the last one was taken."""
        seen = self._version
        yield self._value
        while True:
            seen = await self.changed(seen)
            yield self._value
