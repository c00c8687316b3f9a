"""The store of one process: decides writes in order, groups them for the journal, answers reads from memory."""

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from hauberk.model.kinds import Kind
from hauberk.model.resource import Resource
from hauberk.runtime.clock import Clock
from hauberk.runtime.latest import Latest
from hauberk.store.history import Entry, History, Retention
from hauberk.store.index import Index
from hauberk.store.protocol import Event, Listing, NotFound, Ref, StoreError, StoreUnavailable, ref_of
from hauberk.store.write import Create, Delete, Outcome, Update, Write, decide

R = TypeVar("R", bound=Resource)

WAITING_MAX = 10_000
"""Writes that wait for the journal; more are refused."""

BATCH_MAX = 500
"""Writes that are made durable together."""

_CHUNK = 256
"""Events that a watcher takes at a time."""


@dataclass(frozen=True)
class Kept:
    """What a journal held when it was opened."""

    identity: str
    revision: int = 0
    floor: int = 0
    resources: Sequence[Resource] = ()
    entries: Sequence[Entry] = ()


class Journal(Protocol):
    """Makes changes durable, all of a batch or none."""

    def append(self, entries: Sequence[Entry], *, floor: int) -> asyncio.Future[None] | None:
        """Begin; the future ends when they are durable, or with a StoreError. None: they are already.

        Changes up to the revision `floor` need not be kept as history any longer.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Asked:
    write: Write
    answer: asyncio.Future[Resource]


class Engine:
    """Keeps the contract of `Store`."""

    def __init__(
        self,
        journal: Journal,
        kept: Kept,
        *,
        clock: Clock,
        retention: Retention,
        new_uid: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._new_uid = new_uid
        self._identity = kept.identity
        self._index = Index(kept.resources)
        self._history = History(retention, floor=kept.floor, entries=kept.entries)
        self._revision = Latest(kept.revision)
        self._waiting: deque[_Asked] = deque()
        self._writing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def identity(self) -> str:
        return self._identity

    async def get(self, ref: Ref) -> Resource:
        self._open()
        found = self._index.get(ref)
        if found is None:
            raise NotFound(ref)
        return found

    async def list(self, kind: Kind, namespace: str | None = None) -> Listing:
        self._open()
        return Listing(self._index.list(kind, namespace), self._revision.value)

    async def create(self, resource: R) -> R:
        return cast("R", await self._ask(Create(resource, self._new_uid())))

    async def update(self, resource: R, *, expected: str | None) -> R:
        return cast("R", await self._ask(Update(resource, expected)))

    async def delete(self, ref: Ref, *, expected: str | None = None, uid: str | None = None) -> Resource:
        return await self._ask(Delete(ref, expected, uid))

    async def watch(self, kind: Kind | None, *, since: int | Mapping[Kind, int]) -> AsyncGenerator[Event, None]:
        position = since if isinstance(since, int) else min(since.values())
        while True:
            self._open()
            seen = self._revision.version
            events = self._history.after(position, newest=self._revision.value, limit=_CHUNK)
            for event in events:
                position = event.revision
                if kind is None or (event.resource.kind == kind.kind and event.resource.group == kind.group):
                    yield event
            if not events:
                await self._revision.changed(seen)

    async def revision(self) -> int:
        self._open()
        return self._revision.value

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._revision.set(self._revision.value)  # wakes the watchers, who then see that it is over
        await self._idle.wait()
        await self._journal.close()

    async def _ask(self, write: Write) -> Resource:
        self._open()
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable(f"{WAITING_MAX} writes wait already", "try again a little later")
        answer: asyncio.Future[Resource] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(write, answer))
        self._pump()
        return await answer

    def _pump(self) -> None:
        """Begin the next batch unless one is being written; whatever is asked meanwhile makes the next one."""
        while self._waiting and not self._writing:
            count = min(len(self._waiting), BATCH_MAX)
            batch = [self._waiting.popleft() for _ in range(count)]
            self._begin([asked for asked in batch if not asked.answer.done()])

    def _begin(self, batch: Sequence[_Asked]) -> None:
        now = self._clock.now()
        outcomes, events = self._decide(batch)
        entries = [Entry(event, now) for event in events]
        durable = self._journal.append(entries, floor=self._history.compact(now)) if entries else None
        if durable is None:
            self._finish(batch, outcomes, entries)
            return
        self._writing = True
        self._idle.clear()

        def done(future: asyncio.Future[None]) -> None:
            self._writing = False
            failure = future.exception()
            if failure is None:
                self._finish(batch, outcomes, entries)
            else:
                _answer_all(batch, failure)
            self._pump()
            if not self._writing:
                self._idle.set()

        durable.add_done_callback(done)

    def _decide(self, batch: Sequence[_Asked]) -> tuple[Sequence[Outcome | StoreError], Sequence[Event]]:
        """Decide each write on top of the ones before it in the batch."""
        now, revision = self._clock.now(), self._revision.value
        ahead: dict[Ref, Resource | None] = {}
        outcomes: list[Outcome | StoreError] = []
        events: list[Event] = []
        for asked in batch:
            ref = asked.write.ref
            current = ahead[ref] if ref in ahead else self._index.get(ref)
            try:
                outcome = decide(asked.write, current, revision=revision + 1, now=now)
            except StoreError as refusal:
                outcomes.append(refusal)
                continue
            outcomes.append(outcome)
            if outcome.event is not None:
                revision += 1
                events.append(outcome.event)
                ahead[ref] = outcome.event.resource if outcome.event.type == "put" else None
        return outcomes, events

    def _finish(
        self, batch: Sequence[_Asked], outcomes: Sequence[Outcome | StoreError], entries: Sequence[Entry]
    ) -> None:
        """Show the changes of a durable batch, then acknowledge them."""
        for entry in entries:
            if entry.event.type == "put":
                self._index.put(entry.event.resource)
            else:
                self._index.remove(ref_of(entry.event.resource))
            self._history.append(entry)
        if entries:
            self._revision.set(entries[-1].event.revision)
        for asked, outcome in zip(batch, outcomes, strict=True):
            if asked.answer.done():
                continue
            if isinstance(outcome, Outcome):
                asked.answer.set_result(outcome.resource)
            else:
                asked.answer.set_exception(outcome)

    def _open(self) -> None:
        if self._closed:
            raise StoreUnavailable("the store is closed", "the control plane is stopping: try again when it runs")


def _answer_all(batch: Sequence[_Asked], failure: BaseException) -> None:
    for asked in batch:
        if not asked.answer.done():
            asked.answer.set_exception(failure)
