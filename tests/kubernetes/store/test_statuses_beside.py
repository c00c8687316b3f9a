"""Statuses of routes, which gateways' controllers write to as well: whoever comes between loses nothing."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from apikit.connecting import connected
from apikit.definitions import install, remove, stand_in
from apikit.server import ApiServer
from documents import binding, service
from following import SERVICE, cataloguing, following

from hauberk.app.controllers.statuses import Statuses
from hauberk.catalog.kinds import KINDS
from hauberk.catalog.mesh import Mesh
from hauberk.client.api import Answer, Client
from hauberk.client.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING
from hauberk.config.chart import Values
from hauberk.install.files import templates
from hauberk.install.rendering import Installation, render
from hauberk.model.kinds import Kind, kind_named
from hauberk.runtime.clock import SystemClock
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import Conflict, Ref

OURS, THEIRS = "linkerd.io/policy-controller", "example.com/gateway"
ROUTE = kind_named("gateway.networking.k8s.io", "HTTPRoute")
REF = Ref(ROUTE.group, ROUTE.kind, "default", "shared")
WEB = {"group": "", "kind": "Service", "name": "web", "port": 80}
GATEWAY = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "ingress"}
RBAC = (CLUSTER_ROLE, CLUSTER_ROLE_BINDING)
_WITHIN_S = 30.0


class Raced(Client):
    """Somebody else writes whenever this one is about to, so many times."""

    rival: Client
    times = 1

    async def apply_server_side(self, kind: Any, manifest: Mapping[str, Any], **options: Any) -> Answer:
        if options.get("subresource") == "status" and self.times:
            self.times -= 1
            await said_by_a_gateway(self.rival, f"said {self.times} more")
        return await super().apply_server_side(kind, manifest, **options)


async def said_by_a_gateway(client: Client, message: str) -> None:
    """As its controller would: it replaces its own entry and keeps all others."""
    document = await client.get(ROUTE, "shared", namespace="default")
    others = [p for p in document.get("status", {}).get("parents", []) if p["controllerName"] != THEIRS]
    at = datetime(2026, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    condition = {"type": "Accepted", "status": "True", "reason": "Fine", "message": message, "lastTransitionTime": at}
    entry = {"parentRef": GATEWAY, "controllerName": THEIRS, "conditions": [condition], "more": {"of": "theirs"}}
    await client.put_status(ROUTE, {**document, "status": {"parents": [*others, entry]}})


@pytest.fixture
async def shared(client: Client) -> Any:
    await install(client, [stand_in(ROUTE)])
    await client.create(SERVICE, service("web"))
    spec = {"parentRefs": [WEB, GATEWAY], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}
    metadata = {"name": "shared", "namespace": "default"}
    await client.create(
        ROUTE, {"apiVersion": ROUTE.api_version, "kind": "HTTPRoute", "metadata": metadata, "spec": spec}
    )
    yield
    await remove(client, ROUTE.qualified)


async def parents(client: Client) -> dict[str, list[str]]:
    """What each controller says, by its name."""
    document = await client.get(ROUTE, "shared", namespace="default")
    found = document.get("status", {}).get("parents", [])
    return {of["controllerName"]: [condition.get("message", "") for condition in of["conditions"]] for of in found}


async def written_by(client: Client, reader: Client) -> dict[str, list[str]]:
    """Have the statuses written by this client, and return what is there then."""
    kinds: list[Kind] = [kind_named(group, kind) for group, kind in KINDS]
    async with (
        following(client, *kinds) as store,
        cataloguing(store) as feed,
        asyncio.timeout(_WITHIN_S),
        asyncio.TaskGroup() as group,
    ):
        running = spawn(group, Statuses(store, Mesh(), feed.latest, clock=SystemClock()).run(), name="statuses")
        while OURS not in (found := await parents(reader)):
            await feed.latest.changed(feed.latest.version)
        running.cancel()
    return found


@pytest.mark.usefixtures("shared")
async def test_what_a_gateway_says_in_the_same_moment_stays(server: ApiServer, client: Client) -> None:
    await said_by_a_gateway(client, "before")
    async with Raced(server.endpoint()) as raced:
        raced.rival, raced.times = client, 3
        found = await written_by(raced, client)
    assert found[THEIRS] == ["said 0 more"]
    document = await client.get(ROUTE, "shared", namespace="default")
    assert [parent.get("more") for parent in document["status"]["parents"]] == [{"of": "theirs"}, None]


@pytest.mark.usefixtures("shared")
async def test_whoever_never_gets_a_turn_gives_up_and_says_so(server: ApiServer, client: Client) -> None:
    async with Raced(server.endpoint()) as raced, following(raced, ROUTE) as store:
        raced.rival, raced.times = client, 1000
        with pytest.raises(Conflict, match="others write to it all the time"):
            await store.change_status(REF, lambda *_: {"parents": []})
    assert raced.times > 900


@pytest.mark.usefixtures("shared")
async def test_the_rights_of_the_controller_are_enough(server: ApiServer, client: Client) -> None:
    made = render(templates(), Installation(namespace="hauberk", values=Values()))
    (role,) = (of for of in made if of["kind"] == "ClusterRole" and of["metadata"]["name"].endswith("-destination"))
    for document, kind in zip(binding("narrow", *role["rules"]), RBAC, strict=True):
        await client.create(kind, document)
    try:
        async with connected(server, "narrow") as controller:
            assert OURS in await written_by(controller, client)
    finally:
        for kind in RBAC:
            await client.delete(kind, "narrow")
