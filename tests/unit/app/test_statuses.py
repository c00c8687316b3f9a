"""Statuses that cannot be written."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest

from hauberk.app.controllers import statuses
from hauberk.app.controllers.statuses import Statuses
from hauberk.catalog.join import Join
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.model.httproute import HTTPRoute, HTTPRouteSpec
from hauberk.model.metadata import ObjectMeta
from hauberk.model.route import ParentReference
from hauberk.runtime.clock import ManualClock
from hauberk.runtime.latest import Latest
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import Ref, Refused

ATTEMPTS = 5


class Refusing:
    """Takes no status, and gives the reasons that it is told to give."""

    def __init__(self, *reasons: str) -> None:
        self._reasons = list(reasons)
        self.ended = asyncio.Event()

    async def change_status(self, ref: Ref, _: object) -> None:
        if not self._reasons:
            self.ended.set()
            await asyncio.Event().wait()
        raise Refused(ref, self._reasons.pop(0))


def world() -> Latest[Snapshot]:
    join = Join()
    parent = ParentReference(group="", kind="Service", name="gone")
    spec = HTTPRouteSpec(parent_refs=(parent,))
    api = "gateway.networking.k8s.io/v1"
    join.put(HTTPRoute(api_version=api, metadata=ObjectMeta(name="r", namespace="d"), spec=spec))
    return Latest(join.at(Version("store", 1)))


async def test_the_same_reason_is_said_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(statuses, "_AGAIN_S", 0)
    store = Refusing(*["full"] * ATTEMPTS, "odd", *["full"] * ATTEMPTS)
    writer = Statuses(store, Mesh(), world(), clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        async with asyncio.TaskGroup() as group:
            running = spawn(group, writer.run(), name="statuses")
            await store.ended.wait()
            running.cancel()
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["full", "odd", "full"]
