"""The back ends that are held to the contract. Another one is added here and nowhere else in this directory."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hauberk.runtime.clock import ManualClock
from hauberk.store.history import Retention
from hauberk.store.memory import MemoryStore
from hauberk.store.protocol import Store
from hauberk.store.sqlite import SqliteStore

START = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)

Opened = AbstractAsyncContextManager[Store]
Open = Callable[..., Opened]
"""`open(retention=…)`: a store, new and empty the first time, and the same one again where it outlives its process."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Open:
    @asynccontextmanager
    async def memory(retention: Retention) -> AsyncIterator[Store]:
        store = MemoryStore(clock=clock, retention=retention)
        yield store
        await store.close()

    @asynccontextmanager
    async def sqlite(retention: Retention) -> AsyncIterator[Store]:
        store = await SqliteStore.open(tmp_path / "state" / "mesh.db", clock=clock, retention=retention)
        yield store
        await store.close()

    back_ends = {"memory": memory, "sqlite": sqlite}

    def open_(retention: Retention | None = None) -> Opened:
        return back_ends[request.param](retention or Retention())

    return open_


@pytest.fixture
async def store(opened: Open) -> AsyncIterator[Store]:
    async with opened() as store:
        yield store
