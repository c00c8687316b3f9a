"""Random writes against a naive model: after each step both say the same."""

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from objects import SERVICE, ref, service

from hauberk.model.service import Service
from hauberk.runtime.clock import ManualClock
from hauberk.store.memory import MemoryStore
from hauberk.store.protocol import AlreadyExists, Conflict, Event, NotFound, Store
from hauberk.store.sqlite import SqliteStore

T = TypeVar("T")
NAMES = st.sampled_from(["a", "b", "c"])
PORTS = st.integers(1, 3)


class StoreMachine(RuleBasedStateMachine):
    """The model: a dictionary of what is there, and the list of all changes."""

    durable = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.store = self.run(self.open())
        self.identity = self.store.identity
        self.held: dict[str, Service] = {}
        self.changes: list[tuple[str, str, int]] = []

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asyncio.wait_for(what, 10))

    async def open(self) -> Store:
        if self.durable:
            return await SqliteStore.open(Path(self.directory.name) / "mesh.db", clock=self.clock)
        return MemoryStore(clock=self.clock)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
        self.directory.cleanup()

    @rule(name=NAMES, port=PORTS)
    def create(self, name: str, port: int) -> None:
        if name in self.held:
            with pytest.raises(AlreadyExists):
                self.run(self.store.create(service(name, port=port)))
            return
        self.held[name] = self.run(self.store.create(service(name, port=port)))
        self.changed("put", name)

    @rule(name=NAMES, port=PORTS, stale=st.booleans())
    def update(self, name: str, port: int, *, stale: bool) -> None:
        old = self.held.get(name)
        expected = "0" if stale else (old.metadata.resource_version if old else None)
        wanted = service(name, port=port)
        if old is None or stale:
            with pytest.raises(NotFound if old is None else Conflict):
                self.run(self.store.update(wanted, expected=expected))
            return
        self.held[name] = self.run(self.store.update(wanted, expected=expected))
        if old.spec != wanted.spec:
            assert self.held[name].metadata.generation == old.metadata.generation + 1
            self.changed("put", name)
        else:
            assert self.held[name] == old

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name not in self.held:
            with pytest.raises(NotFound):
                self.run(self.store.delete(ref(SERVICE, name)))
            return
        assert self.run(self.store.delete(ref(SERVICE, name))) == self.held.pop(name)
        self.changed("delete", name)

    @rule(names=st.lists(NAMES, max_size=6))
    def create_many_at_once(self, names: list[str]) -> None:
        async def attempt() -> list[Service | BaseException]:
            return await asyncio.gather(*(self.store.create(service(n)) for n in names), return_exceptions=True)

        for name, result in zip(names, self.run(attempt()), strict=True):
            if name in self.held:
                assert isinstance(result, AlreadyExists)
            else:
                assert isinstance(result, Service)
                self.held[name] = result
                self.changed("put", name)

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: self.durable)
    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self.open())

    def changed(self, change: str, name: str) -> None:
        self.changes.append((change, name, len(self.changes) + 1))

    @invariant()
    def what_is_there_is_what_was_written(self) -> None:
        listing = self.run(self.store.list(SERVICE))
        assert listing.items == tuple(self.held[name] for name in sorted(self.held))
        assert listing.revision == len(self.changes) == self.run(self.store.revision())
        assert self.store.identity == self.identity

    @rule(back=st.integers(0, 5))
    def a_watch_tells_what_happened_since(self, back: int) -> None:
        since = max(0, len(self.changes) - back)

        async def read() -> list[Event]:
            async with aclosing(self.store.watch(None, since=since)) as events:
                return [await anext(events) for _ in self.changes[since:]]

        told = [(event.type, event.resource.metadata.name, event.revision) for event in self.run(read())]
        assert told == self.changes[since:]


class DurableStoreMachine(StoreMachine):
    durable = True


_slow = settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TestMemory = StoreMachine.TestCase
TestMemory.settings = _slow
TestSqlite = DurableStoreMachine.TestCase
TestSqlite.settings = _slow
