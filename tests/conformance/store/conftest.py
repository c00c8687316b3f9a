"""Each test runs on every back end. Another one is added here and in `grounds.py`, and nowhere else."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "kubernetes"))

from apikit.programs import missing
from apikit.server import ApiServer, an_api_server
from grounds import Ground, cluster, memory, prepare, sqlite

from hauberk.runtime.clock import ManualClock
from hauberk.store.history import Retention
from hauberk.store.protocol import Store

START = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    """Of the back ends that have one; a cluster has its own."""
    return ManualClock(START)


@pytest.fixture(scope="session")
def api_server() -> Iterator[ApiServer]:
    if reason := missing():
        pytest.skip(reason)
    with an_api_server() as server:
        asyncio.run(prepare(server))
        yield server


@pytest.fixture(params=["memory", "sqlite", pytest.param("kubernetes", marks=pytest.mark.kubernetes)])
def ground(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Ground:
    match request.param:
        case "memory":
            return memory(clock)
        case "sqlite":
            return sqlite(clock, tmp_path / "state" / "mesh.db")
        case _:
            return cluster(request.getfixturevalue("api_server"))


@pytest.fixture
async def store(ground: Ground) -> AsyncIterator[Store]:
    async with ground.open(Retention()) as store:
        yield store
