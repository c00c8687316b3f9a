"""Random writes against a naive model: after each step both say the same."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from apikit.connecting import connected
from apikit.contents import empty
from apikit.server import ApiServer
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from objects import KINDS, SERVER, ref, server

from hauberk.model.server import Server
from hauberk.runtime.clock import ManualClock
from hauberk.store.kubernetes import KubernetesStore
from hauberk.store.memory import MemoryStore
from hauberk.store.protocol import AlreadyExists, Conflict, Event, NotFound, Store
from hauberk.store.sqlite import SqliteStore

T = TypeVar("T")
NAMES = st.sampled_from(["a", "b", "c"])
PORTS = st.integers(1, 3)


class StoreMachine(RuleBasedStateMachine):
    """The model: a dictionary of what is there, and the list of all changes."""

    durable = False
    counts = True
    """Whether revisions are the numbers of changes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.store = self.run(self.open())
        self.identity = self.store.identity
        self.base = self.run(self.store.revision())
        self.held: dict[str, Server] = {}
        self.changes: list[tuple[str, str, int | None]] = []
        """With the revision, if it is known: a deletion does not give it to the writer."""

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(what, 10))

    async def open(self) -> Store:
        if self.durable:
            return await SqliteStore.open(Path(self.directory.name) / "mesh.db", clock=self.clock)
        return MemoryStore(clock=self.clock)

    async def close(self) -> None:
        await self.store.close()

    def teardown(self) -> None:
        self.run(self.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.directory.cleanup()

    @rule(name=NAMES, port=PORTS)
    def create(self, name: str, port: int) -> None:
        if name in self.held:
            with pytest.raises(AlreadyExists):
                self.run(self.store.create(server(name, port=port)))
            return
        self.put(self.run(self.store.create(server(name, port=port))))

    @rule(name=NAMES, port=PORTS, stale=st.booleans())
    def update(self, name: str, port: int, *, stale: bool) -> None:
        old = self.held.get(name)
        expected = "0" if stale else (old.metadata.resource_version if old else None)
        wanted = server(name, port=port)
        if old is None or stale:
            with pytest.raises(NotFound if old is None else Conflict):
                self.run(self.store.update(wanted, expected=expected))
            return
        new = self.run(self.store.update(wanted, expected=expected))
        if old.spec != wanted.spec:
            assert new.metadata.generation == old.metadata.generation + 1
            self.put(new)
        else:
            assert new == old

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name not in self.held:
            with pytest.raises(NotFound):
                self.run(self.store.delete(ref(SERVER, name)))
            return
        assert self.run(self.store.delete(ref(SERVER, name))) == self.held.pop(name)
        self.changes.append(("delete", name, len(self.changes) + 1 if self.counts else None))

    @rule(names=st.lists(NAMES, max_size=6))
    def create_many_at_once(self, names: list[str]) -> None:
        async def attempt() -> list[Server | BaseException]:
            return await asyncio.gather(*(self.store.create(server(n)) for n in names), return_exceptions=True)

        made = [result for result in self.run(attempt()) if not isinstance(result, AlreadyExists)]
        assert all(isinstance(result, Server) for result in made)
        assert {each.metadata.name for each in made} == set(names) - self.held.keys()
        for each in sorted(made, key=lambda each: int(each.metadata.resource_version)):
            self.put(each)

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: self.durable)
    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self.open())

    def put(self, resource: Server) -> None:
        name, revision = resource.metadata.name, int(resource.metadata.resource_version)
        self.held[name] = resource
        self.changes.append(("put", name, revision))
        assert not self.counts or revision == len(self.changes)

    @invariant()
    def what_is_there_is_what_was_written(self) -> None:
        listing = self.run(self.store.list(SERVER))
        assert listing.items == tuple(self.held[name] for name in sorted(self.held))
        assert not self.counts or listing.revision == len(self.changes) == self.run(self.store.revision())
        assert self.store.identity == self.identity

    @rule(back=st.integers(0, 5))
    def a_watch_tells_what_happened_since(self, back: int) -> None:
        count = max(0, len(self.changes) - back)
        while count and self.changes[count - 1][2] is None:
            count -= 1
        since = self.changes[count - 1][2] if count else self.base
        assert since is not None

        async def read() -> list[Event]:
            async with aclosing(self.store.watch(None, since=since)) as events:
                return [await anext(events) for _ in self.changes[count:]]

        told = [(event.type, event.resource.metadata.name, event.revision) for event in self.run(read())]
        for (*change, revision), (*wanted, known) in zip(told, self.changes[count:], strict=True):
            assert change == wanted
            assert known in (None, revision)
        revisions = [revision for *_, revision in told]
        assert revisions == sorted(set(revisions))


class DurableStoreMachine(StoreMachine):
    durable = True


class ClusterStoreMachine(StoreMachine):
    counts = False
    server: ClassVar[ApiServer]

    async def open(self) -> Store:
        self.connection = connected(self.server)
        client = await self.connection.__aenter__()
        await empty(client, [SERVER])
        store = await KubernetesStore.open(client, KINDS)
        self.following = asyncio.ensure_future(store.run())
        for kind in KINDS:
            await store.list(kind)
        return store

    async def close(self) -> None:
        await self.store.close()
        await self.following
        await self.connection.__aexit__(None, None, None)


_slow = settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestMemory = StoreMachine.TestCase
TestMemory.settings = _slow
TestSqlite = DurableStoreMachine.TestCase
TestSqlite.settings = _slow


@pytest.fixture
def server_for_machines(api_server: ApiServer) -> None:
    ClusterStoreMachine.server = api_server


@pytest.mark.kubernetes
@pytest.mark.usefixtures("server_for_machines")
class TestKubernetes(ClusterStoreMachine.TestCase):
    settings = settings(_slow, max_examples=8)
