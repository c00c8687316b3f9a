"""What is made of objects that were not written for the mesh, and of some that make no sense to it."""

import logging
from typing import Any

import pytest
from apikit.definitions import install, ours, remove
from apikit.until import until
from documents import Document, policy, server, service
from following import POLICY_ROUTE, SERVER, SERVICE, following, names

from hauberk.client.api import Client
from hauberk.model.kinds import kind_named
from hauberk.model.service import Service
from hauberk.store.protocol import Ref

CLIENTS = kind_named("policy.linkerd.io", "MeshTLSAuthentication")


@pytest.fixture
async def kinds(client: Client) -> Any:
    """The cluster with the mesh's own kinds."""
    await install(client, ours())
    yield client
    for document in ours():
        await remove(client, document["metadata"]["name"])


def clients(name: str, identity: str) -> Document:
    return policy("MeshTLSAuthentication", name, {"identities": [identity]})


@pytest.mark.usefixtures("kinds")
async def test_an_object_without_sense_is_left_out_said_once_and_harms_no_other(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await client.create(CLIENTS, clients("odd", "not one!"))
    await client.create(CLIENTS, clients("even", "*"))
    odd = Ref("policy.linkerd.io", "MeshTLSAuthentication", "default", "odd")
    async with following(client, CLIENTS) as store:
        assert await names(store, CLIENTS) == {"even"}
        assert list(store.left_out) == [odd]
        assert "spec.identities[0]: 'not one!' is not an identity" in store.left_out[odd].reason
        await client.create(CLIENTS, clients("another", "*"))
        await until(lambda: len(store._cache.list(CLIENTS, None)) == 2)
        assert _said(caplog, odd) == 1
        await client.merge(CLIENTS, "odd", {"metadata": {"labels": {"a": "b"}}}, namespace="default")
        await until(lambda: _said(caplog, odd) == 2)
        await client.merge(CLIENTS, "odd", {"spec": {"identities": ["*"]}}, namespace="default")
        await until(lambda: len(store._cache.list(CLIENTS, None)) == 3)
        assert not store.left_out
        await client.merge(CLIENTS, "odd", {"spec": {"identities": ["not one!"]}}, namespace="default")
        await until(lambda: len(store._cache.list(CLIENTS, None)) == 2)
        await client.delete(CLIENTS, "odd", namespace="default")
        await until(lambda: not store.left_out)


def _said(caplog: pytest.LogCaptureFixture, ref: Ref) -> int:
    return sum(f"{ref} makes no sense" in record.getMessage() for record in caplog.records)


@pytest.mark.usefixtures("kinds")
async def test_what_restricts_is_there_even_without_sense(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    await client.create(SERVER, server("odd", "NO_PORT"))
    async with following(client, SERVER) as store:
        assert await names(store, SERVER) == {"odd"}
        assert not store.left_out
    assert "Server.policy.linkerd.io default/odd is taken without this: spec.port: 'NO_PORT'" in caplog.text


async def test_what_kubernetes_adds_to_a_service_is_read_past(client: Client) -> None:
    document = service("web", type="NodePort", externalTrafficPolicy="Local", sessionAffinity="ClientIP")
    document["metadata"]["annotations"] = {
        "config.linkerd.io/opaque-ports": "80",
        "kubectl.kubernetes.io/last-applied-configuration": "{}" * 1000,
        "example.com/owner": "alice",
    }
    created = (await client.create(SERVICE, document)).body
    async with following(client, SERVICE) as store:
        listed = next(item for item in (await store.list(SERVICE)).items if item.metadata.name == "web")
    assert isinstance(listed, Service)
    assert listed.metadata.annotations == {"config.linkerd.io/opaque-ports": "80"}
    assert (listed.spec.type, listed.spec.cluster_ip) == ("NodePort", created["spec"]["clusterIP"])
    assert listed.metadata.uid == created["metadata"]["uid"]


async def test_an_annotation_without_sense_is_left_out_and_the_service_is_there(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    document = service("web")
    document["metadata"]["annotations"] = {"config.linkerd.io/opaque-ports": "!!", "hauberk.dev/note": "x"}
    await client.create(SERVICE, document)
    async with following(client, SERVICE) as store:
        listed = next(item for item in (await store.list(SERVICE)).items if item.metadata.name == "web")
        assert not store.left_out
    assert listed.metadata.annotations == {"hauberk.dev/note": "x"}
    assert (
        "Service default/web is taken without this: metadata.annotations[config.linkerd.io/opaque-ports]" in caplog.text
    )


@pytest.mark.usefixtures("kinds")
async def test_an_older_version_is_read_as_the_newest(client: Client) -> None:
    await client._transport.request(
        "POST", "/apis/policy.linkerd.io/v1alpha1/namespaces/default/servers", body=server("old", version="v1alpha1")
    )
    async with following(client, SERVER) as store:
        (listed,) = (await store.list(SERVER)).items
    assert listed.api_version == "policy.linkerd.io/v1beta3"


@pytest.mark.usefixtures("kinds")
async def test_a_route_of_the_meshs_own_group_belongs_to_servers_unless_it_says_else(client: Client) -> None:
    spec = {"parentRefs": [{"kind": "Server", "name": "web"}]}
    await client.create(POLICY_ROUTE, policy("HTTPRoute", "r", spec, version="v1beta3"))
    async with following(client, POLICY_ROUTE) as store:
        assert await names(store, POLICY_ROUTE) == {"r"}
        assert not store.left_out
