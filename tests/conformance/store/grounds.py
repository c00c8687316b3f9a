"""The back ends that are held to the contract, and what they differ in by right."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from apikit.connecting import connected
from apikit.contents import empty, end_namespaces, make_namespace
from apikit.definitions import install, ours, stand_in
from apikit.server import ApiServer
from objects import GATEWAY_ROUTE, KINDS

from hauberk.runtime.clock import Clock
from hauberk.runtime.tasks import spawn
from hauberk.store.history import Retention
from hauberk.store.kubernetes import KubernetesStore
from hauberk.store.memory import MemoryStore
from hauberk.store.protocol import Store
from hauberk.store.sqlite import SqliteStore

Opened = AbstractAsyncContextManager[Store]
Open = Callable[[Retention], Opened]
"""Open a store, new and empty the first time, and the same one again where it outlives its process."""

NAMESPACES = ("other", "y", "z")


@dataclass(frozen=True)
class Ground:
    """One back end. A test that says more than the contract of all of them asks here."""

    open: Open
    one_process: bool = True
    """This process alone keeps the objects: revisions count changes from 1, and are one order for all kinds."""


def memory(clock: Clock) -> Ground:
    @asynccontextmanager
    async def open_(retention: Retention) -> AsyncIterator[Store]:
        store = MemoryStore(clock=clock, retention=retention)
        yield store
        await store.close()

    return Ground(open_)


def sqlite(clock: Clock, path: Path) -> Ground:
    @asynccontextmanager
    async def open_(retention: Retention) -> AsyncIterator[Store]:
        store = await SqliteStore.open(path, clock=clock, retention=retention)
        yield store
        await store.close()

    return Ground(open_)


def cluster(server: ApiServer) -> Ground:
    @asynccontextmanager
    async def open_(retention: Retention) -> AsyncIterator[Store]:
        async with connected(server) as client, asyncio.TaskGroup() as group:
            await empty(client, [kind for kind in KINDS if kind.namespaced])
            await end_namespaces(client, keep=NAMESPACES)
            store = await KubernetesStore.open(client, KINDS, changes=retention.events)
            running = spawn(group, store.run(), name="store")
            for kind in KINDS:
                await store.list(kind)
            yield store
            await store.close()
            await running

    return Ground(open_, one_process=False)


async def prepare(server: ApiServer) -> None:
    """What all tests on a cluster need."""
    async with connected(server) as client:
        await install(client, [*ours(), stand_in(GATEWAY_ROUTE)])
        for name in NAMESPACES:
            await make_namespace(client, name)
