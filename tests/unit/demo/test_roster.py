"""Who is ready, from what the control plane says."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from hauberk.client.watching import Deleted, Listed, Put
from hauberk.demo.cast import Home
from hauberk.demo.roster import Roster
from hauberk.runtime.clock import ManualClock

HOME = Home("default", "")


def pod(replica: str, *, ready: bool, address: str = "10.77.0.2") -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "default",
            "name": f"{replica}-x",
            "labels": {"replica": replica, "app": "web", "linkerd.io/control-plane-ns": "hauberk"},
        },
        "spec": {"serviceAccountName": "web"},
        "status": {
            "phase": "Running",
            "podIP": address,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def test_readiness_comes_and_goes_and_its_first_time_is_kept() -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    roster = Roster(HOME, clock)
    roster.note(Listed((pod("web-1", ready=False),), "1"))
    assert roster.ready == frozenset()
    clock.advance(3)
    roster.note(Put(pod("web-1", ready=True)))
    clock.advance(3)
    roster.note(Put(pod("web-1", ready=False)))
    roster.note(Put(pod("web-1", ready=True)))
    assert (list(roster.ready), roster.ready_at_s) == (["web-1"], {"web-1": 3.0})


def test_who_has_gone_is_not_read_and_still_known() -> None:
    roster = Roster(HOME, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    roster.note(Listed((pod("web-1", ready=True), pod("web-2", ready=True, address="10.77.0.3")), "1"))
    roster.note(Deleted(pod("web-1", ready=True)))
    assert [target.pod for target in roster.readable] == ["web-2-x"]
    assert [target.pod for target in roster.known] == ["web-1-x", "web-2-x"]


async def test_waiting_ends_when_all_are_ready_together() -> None:
    roster = Roster(HOME, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = group.create_task(roster.until_ready(["web-1", "web-2"]))
        roster.note(Put(pod("web-1", ready=True)))
        await asyncio.sleep(0)
        assert not waiting.done()
        roster.note(Put(pod("web-2", ready=True)))


async def test_a_replica_is_gone_with_its_last_pod_and_its_newest_one_is_named() -> None:
    roster = Roster(HOME, ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    old, new = pod("web-1", ready=True), pod("web-1", ready=False)
    old["metadata"] |= {"name": "web-1-old", "creationTimestamp": "2026-01-01T00:00:00Z"}
    new["metadata"] |= {"name": "web-1-new", "creationTimestamp": "2026-01-01T00:00:09Z"}
    roster.note(Listed((new, old), "1"))
    assert (roster.pod_of("web-1"), roster.pod_of("web-2")) == ("web-1-new", "")
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        waiting = group.create_task(roster.until_gone("web-1"))
        for gone in (new, old):
            await asyncio.sleep(0)
            assert not waiting.done()
            roster.note(Deleted(gone))
