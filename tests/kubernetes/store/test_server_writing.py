"""Writes to objects of which the mesh knows a part."""

from typing import Any

import pytest
from apikit.definitions import install, ours, remove
from documents import policy, service
from following import SERVICE, following
from msgspec.structs import replace

from hauberk.client.api import Client
from hauberk.model.kinds import kind_named
from hauberk.store.kubernetes_writing import FIELD_MANAGER
from hauberk.store.protocol import NotFound, Ref, Refused

RATE = kind_named("policy.linkerd.io", "HTTPLocalRateLimitPolicy")
FEW = Ref("policy.linkerd.io", "HTTPLocalRateLimitPolicy", "default", "few")
SPEC = {"targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "web"}, "total": {"requestsPerSecond": 9}}


def condition(kind: str) -> dict[str, Any]:
    return {
        "type": kind,
        "status": "True",
        "reason": kind,
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def accepted(*_: object) -> dict[str, Any]:
    return {"conditions": [condition("Accepted")]}


@pytest.fixture
async def policies(client: Client) -> Any:
    definition = [each for each in ours() if each["metadata"]["name"] == RATE.qualified]
    await install(client, definition)
    await client.create(RATE, policy("HTTPLocalRateLimitPolicy", "few", SPEC))
    yield
    await remove(client, RATE.qualified)


async def test_an_update_keeps_what_the_mesh_does_not_know(client: Client) -> None:
    before = (await client.create(SERVICE, service("web", type="NodePort", externalTrafficPolicy="Local"))).body
    async with following(client, SERVICE) as store:
        current = await store.get(Ref("", "Service", "default", "web"))
        await store.update(replace(current, metadata=replace(current.metadata, labels={"a": "b"})), expected=None)
    after = await client.get(SERVICE, "web", namespace="default")
    assert after["metadata"]["labels"] == {"a": "b"}
    assert after["spec"] == before["spec"]


@pytest.mark.usefixtures("policies")
async def test_a_status_is_applied_beside_what_others_say(client: Client) -> None:
    other = policy("HTTPLocalRateLimitPolicy", "few", SPEC) | {"status": {"conditions": [condition("Observed")]}}
    other.pop("spec")
    await client.apply_server_side(RATE, other, field_manager="somebody", subresource="status")
    async with following(client, RATE) as store:
        await store.change_status(FEW, accepted)
        document = await client.get(RATE, "few", namespace="default")
        assert [each["type"] for each in document["status"]["conditions"]] == ["Observed", "Accepted"]
        assert FIELD_MANAGER in {each["manager"] for each in document["metadata"]["managedFields"]}
        await store.change_status(FEW, accepted)
        again = await client.get(RATE, "few", namespace="default")
        assert again["metadata"]["resourceVersion"] == document["metadata"]["resourceVersion"]
        await store.change_status(FEW, lambda *_: {})
        emptied = await client.get(RATE, "few", namespace="default")
        assert [each["type"] for each in emptied["status"]["conditions"]] == ["Observed"]


@pytest.mark.usefixtures("policies")
async def test_what_is_gone_gets_no_status(client: Client) -> None:
    async with following(client, RATE) as store:
        await client.delete(RATE, "few", namespace="default")
        with pytest.raises(NotFound):
            await store.change_status(FEW, accepted)


@pytest.mark.usefixtures("policies")
async def test_an_object_is_made_by_applying_it(client: Client) -> None:
    async with following(client, RATE) as store:
        applied = await store.apply(policy("HTTPLocalRateLimitPolicy", "more", SPEC))
    assert applied["metadata"]["uid"]
    assert applied["metadata"]["managedFields"][0]["manager"] == FIELD_MANAGER


@pytest.mark.usefixtures("policies")
async def test_what_the_cluster_does_not_take_is_refused_with_its_reason(client: Client) -> None:
    async with following(client, RATE) as store:
        (resource,) = (await store.list(RATE)).items
        elsewhere = replace(resource, metadata=replace(resource.metadata, namespace="nowhere"))
        with pytest.raises(Refused, match=r'nowhere/few is refused: namespaces "nowhere" not found$'):
            await store.create(elsewhere)
        nameless = replace(resource, metadata=replace(resource.metadata, name="NOT A NAME"))
        with pytest.raises(Refused, match=r"NOT A NAME is refused: .*metadata\.name: Invalid value"):
            await store.create(nameless)
