"""The store of a plain machine: one SQLite file, written by one thread."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from hauberk.runtime.clock import Clock
from hauberk.store.database import Database
from hauberk.store.engine import Engine, Kept
from hauberk.store.history import Entry, Retention
from hauberk.store.lock import FileLock

_DEFAULT = Retention()


class SqliteStore(Engine):
    """Made by `open`, inside of the event loop that uses it."""

    @classmethod
    async def open(cls, path: Path, *, clock: Clock, retention: Retention = _DEFAULT) -> Self:
        """Open the file, or make it (mode 0600).

        Raises StoreUnavailable (the file is in use, or cannot be used now) and StoreCorrupt.
        """
        lock = FileLock(path)
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        loop = asyncio.get_running_loop()
        try:
            database, kept = await loop.run_in_executor(thread, _opened, path)
        except BaseException:
            thread.shutdown(wait=False)
            lock.release()
            raise
        return cls(_File(database, thread, lock), kept, clock=clock, retention=retention)


class _File:
    """The journal: hands batches to the one thread."""

    def __init__(self, database: Database, thread: ThreadPoolExecutor, lock: FileLock) -> None:
        self._database = database
        self._thread = thread
        self._lock = lock

    def append(self, entries: Sequence[Entry], *, floor: int) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._thread, lambda: self._database.append(entries, floor=floor))

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
        self._thread.shutdown()
        self._lock.release()


def _opened(path: Path) -> tuple[Database, Kept]:
    database = Database(path)
    try:
        return database, database.load()
    except BaseException:
        database.close()
        raise
