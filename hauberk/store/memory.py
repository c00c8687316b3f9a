"""A store that forgets everything when the process ends: for tests, and for a mesh that lives as long as a command."""

import asyncio
import uuid
from collections.abc import Sequence

from hauberk.runtime.clock import Clock
from hauberk.store.engine import Engine, Kept
from hauberk.store.history import Entry, Retention

_DEFAULT = Retention()


class MemoryStore(Engine):
    """To be made inside of the event loop that uses it."""

    def __init__(self, *, clock: Clock, retention: Retention = _DEFAULT) -> None:
        super().__init__(_Nowhere(), Kept(identity=str(uuid.uuid4())), clock=clock, retention=retention)


class _Nowhere:
    def append(self, entries: Sequence[Entry], *, floor: int) -> asyncio.Future[None] | None:
        del entries, floor
        return None

    async def close(self) -> None:
        pass
