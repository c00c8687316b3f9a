"""Of several replicas one writes, and another one when that one is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hauberk.app.controllers.lease import Leader, LeaseUnavailable, Times
from hauberk.runtime.clock import SystemClock

FAST = Times(duration=1.0, renew=0.05, retry=0.02)


class Kept:
    """A lease that gives each of its versions once."""

    def __init__(self) -> None:
        self.document: dict[str, Any] | None = None
        self.away = False

    async def read(self) -> dict[str, Any] | None:
        await asyncio.sleep(0)
        if self.away:
            raise LeaseUnavailable("away")
        return self.document

    async def write(self, spec: dict[str, Any], before: dict[str, Any] | None) -> bool:
        await asyncio.sleep(0)
        if self.away:
            raise LeaseUnavailable("away")
        if before is not self.document:
            return False
        version = int(before["metadata"]["resourceVersion"]) + 1 if before else 1
        self.document = {"metadata": {"resourceVersion": str(version)}, "spec": spec}
        return True

    @property
    def holder(self) -> str:
        return str(self.document["spec"]["holderIdentity"]) if self.document else ""


class Work:
    """Who is at it."""

    def __init__(self) -> None:
        self.at_it: list[str] = []
        self.most = 0
        self.changed = asyncio.Condition()

    def of(self, name: str) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            await self._note(lambda: self.at_it.append(name))
            try:
                await asyncio.Event().wait()
            finally:
                await self._note(lambda: self.at_it.remove(name))

        return work

    async def _note(self, change: Callable[[], None]) -> None:
        async with self.changed:
            change()
            self.most = max(self.most, len(self.at_it))
            self.changed.notify_all()

    async def until(self, wanted: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(5), self.changed:
            await self.changed.wait_for(lambda: wanted(self.at_it))


def started(kept: Kept, work: Work, name: str) -> asyncio.Task[None]:
    leader = Leader(kept, name, clock=SystemClock(), times=FAST)
    return asyncio.get_running_loop().create_task(leader.run(work.of(name)))


async def test_one_of_three_works_and_hands_over_when_it_ends() -> None:
    kept, work = Kept(), Work()
    tasks = {name: started(kept, work, name) for name in ("a", "b", "c")}
    for left in (2, 1, 0):
        await work.until(lambda at_it: len(at_it) == 1)
        holder = kept.holder
        assert work.at_it == [holder]
        tasks[holder].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks.pop(holder)
        assert len(tasks) == left
    assert work.most == 1
    assert kept.holder == "", "whoever ends gives the lease up"


async def test_a_holder_that_vanished_is_waited_for_and_then_replaced() -> None:
    kept, work = Kept(), Work()
    await kept.write({"holderIdentity": "dead", "leaseDurationSeconds": 1, "leaseTransitions": 4}, None)
    task = started(kept, work, "a")
    await work.until(lambda at_it: at_it == ["a"])
    assert kept.document is not None
    assert kept.document["spec"]["leaseTransitions"] == 5
    task.cancel()


async def test_whoever_cannot_renew_stops_before_another_may_begin() -> None:
    kept, work = Kept(), Work()
    task = started(kept, work, "a")
    await work.until(lambda at_it: at_it == ["a"])
    kept.away = True
    await work.until(lambda at_it: at_it == [])
    kept.away = False
    await work.until(lambda at_it: at_it == ["a"])
    task.cancel()


async def test_whoever_was_replaced_stops() -> None:
    kept, work = Kept(), Work()
    task = started(kept, work, "a")
    await work.until(lambda at_it: at_it == ["a"])
    assert kept.document is not None
    taken = {**kept.document["spec"], "holderIdentity": "b", "leaseDurationSeconds": 3600}
    while not await kept.write(taken, kept.document):
        pass
    await work.until(lambda at_it: at_it == [])
    assert kept.holder == "b"
    task.cancel()
