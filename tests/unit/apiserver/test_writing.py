"""Writers that meet: none undoes what another wrote."""

import asyncio
from datetime import UTC, datetime
from ipaddress import IPv4Network

import msgspec

from hauberk.apiserver.namespaces import Namespaces
from hauberk.apiserver.target import Target
from hauberk.apiserver.writing import Writer
from hauberk.model.kinds import kind_named
from hauberk.model.parse import parse_manifest, to_dict
from hauberk.model.service import Service
from hauberk.runtime.clock import ManualClock
from hauberk.store.memory import MemoryStore
from hauberk.store.protocol import Ref

SERVICE = kind_named("", "Service")
WEB = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"ports": [{"port": 80}], "clusterIP": "10.78.0.9"},
}


async def test_a_status_does_not_undo_a_change_of_the_object_that_came_in_between() -> None:
    store = MemoryStore(clock=ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    lock = asyncio.Lock()
    namespaces = Namespaces(store, mesh_namespace="hauberk")
    writer = Writer(store, namespaces, service_network=IPv4Network("10.78.0.0/16"), allocation=lock)
    made = await store.create(parse_manifest(WEB, source="test"))
    assert isinstance(made, Service)
    target = Target(SERVICE, "v1", "default", "web", "status")
    async with lock:
        status = asyncio.ensure_future(writer.replace(target, WEB, dry_run=False))
        for _ in range(5):  # it has read the object, and waits
            await asyncio.sleep(0)
        spec = msgspec.structs.replace(made.spec, selector={"app": "other"})
        await store.update(msgspec.structs.replace(made, spec=spec), expected=None)
    await status
    stored = await store.get(Ref("", "Service", "default", "web"))
    assert to_dict(stored)["spec"]["selector"] == {"app": "other"}
