"""A store and what can befall the API server that it follows."""

import asyncio
from collections.abc import Mapping

import pytest
from apikit.connecting import connected
from apikit.definitions import install, ours, remove
from apikit.server import ApiServer
from apikit.until import until
from documents import binding, network, server, service
from following import NETWORK, SERVER, SERVICE, cataloguing, following, names

from hauberk.client.api import Client
from hauberk.client.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING
from hauberk.model.kinds import KINDS, Kind
from hauberk.store.kubernetes import KubernetesStore
from hauberk.store.protocol import StoreUnavailable

LISTING_ANEW = "were missed: listing anew"


async def test_changes_reach_the_catalog(client: Client) -> None:
    async with following(client, *KINDS) as store, cataloguing(store) as feed:
        await client.create(SERVICE, service("web"))
        await until(lambda: feed.latest.value.service("default", "web"))
        assert feed.latest.value.version.store == store.identity
        await client.delete(SERVICE, "web", namespace="default")
        await until(lambda: feed.latest.value.service("default", "web") is None)


async def test_an_api_server_that_is_killed_empties_nothing_and_is_followed_again(
    own_server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with (
        connected(own_server) as client,
        following(client, *KINDS) as store,
        cataloguing(store) as feed,
    ):
        for name in ("stays", "goes"):
            await client.create(SERVICE, service(name))
        await until(lambda: feed.latest.value.service("default", "goes"))
        own_server.kill()
        await until(lambda: len(store.troubles) > 0)
        assert "does not answer" in str(store.troubles[SERVICE])
        assert feed.latest.value.service("default", "goes")
        await asyncio.to_thread(own_server.start)
        await client.delete(SERVICE, "goes", namespace="default")
        await client.create(SERVICE, service("comes"))
        await until(lambda: feed.latest.value.service("default", "comes"))
        await until(lambda: feed.latest.value.service("default", "goes") is None)
        assert feed.latest.value.service("default", "stays")
        await until(lambda: not store.troubles)


async def test_changes_that_etcd_has_forgotten_are_found_by_a_listing(
    own_server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The API server comes back with an empty memory, and etcd was compacted: the watch is answered with 410."""
    caplog.set_level("INFO")
    async with connected(own_server) as client, Client(own_server.endpoint()) as other:
        await install(client, ours())
        async with following(client, SERVER, SERVICE) as store:
            await client.create(SERVER, server("goes"))
            await until(lambda: _has(store._cache.list(SERVER, None), "goes"))
            listing = await store.list(SERVER)
            own_server.kill()
            await until(lambda: SERVER in store.troubles)
            await asyncio.to_thread(own_server.start)
            await until(lambda: _works(other))
            await other.delete(SERVER, "goes", namespace="default")
            await other.create(SERVER, server("comes"))
            own_server.compact()
            events = store.watch(SERVER, since=listing.revision)
            async with asyncio.timeout(20):
                told = [await anext(events) for _ in range(2)]
            await events.aclose()
            assert [(event.type, event.resource.metadata.name) for event in told] == [
                ("put", "comes"),
                ("delete", "goes"),
            ]
            assert listing.revision < told[0].revision <= told[1].revision
            assert await names(store, SERVER) == {"comes"}
    assert LISTING_ANEW in caplog.text


async def _works(client: Client) -> bool:
    try:
        await client.list(SERVER)
    except Exception:  # noqa: BLE001 - a server that has just begun says no in many ways
        return False
    return True


async def test_a_kind_that_is_defined_later_is_found_without_a_restart(own_server: ApiServer) -> None:
    async with (
        connected(own_server) as client,
        following(client, *KINDS) as store,
        cataloguing(store) as feed,
    ):
        assert (await store.list(SERVER)).items == ()
        assert not store.troubles
        await install(client, ours())
        await client.create(SERVER, server("web"))
        await until(lambda: feed.latest.value.servers("default"))
        await remove(client, SERVER.qualified)
        await until(lambda: not feed.latest.value.servers("default"))
        await install(client, [each for each in ours() if each["metadata"]["name"] == SERVER.qualified])
        await client.create(SERVER, server("again"))
        await until(lambda: [each.metadata.name for each in feed.latest.value.servers("default")] == ["again"])


READ: Mapping[str, list[str]] = {"verbs": ["get", "list", "watch"]}


async def test_rights_that_are_too_narrow_are_named_and_harm_no_other_kind(own_server: ApiServer) -> None:
    services = {"apiGroups": [""], "resources": ["namespaces", "services"], **READ}
    servers = {"apiGroups": ["policy.linkerd.io"], "resources": ["servers"], **READ}
    async with connected(own_server) as admin, Client(own_server.endpoint("narrow")) as client:
        await install(admin, ours())
        role, given = binding("narrow", services)
        await admin.create(CLUSTER_ROLE, role)
        await admin.create(CLUSTER_ROLE_BINDING, given)
        await admin.create(SERVICE, service("web"))
        await admin.create(SERVER, server("web"))
        async with following(client, SERVICE, SERVER) as store:
            assert "web" in await names(store, SERVICE)
            with pytest.raises(
                StoreUnavailable, match=r'User "narrow" cannot list.*allow it list on servers\.policy\.linkerd\.io'
            ):
                await store.list(SERVER)
            assert list(store.troubles) == [SERVER]
            await admin.create(SERVICE, service("later"))
            await until(lambda: _has(store._cache.list(SERVICE, None), "later"))
            await admin.replace(CLUSTER_ROLE, binding("narrow", services, servers)[0])
            await until(lambda: not store.troubles)
            assert await names(store, SERVER) == {"web"}


async def test_whoever_may_see_nothing_cannot_open_a_store(server: ApiServer) -> None:
    async with connected(server, "nobody") as client:
        with pytest.raises(StoreUnavailable, match=r'User "nobody" cannot get.*allow it get on namespaces'):
            await KubernetesStore.open(client, [SERVICE])


def _has(items: object, name: str) -> bool:
    return any(item.metadata.name == name for item in items)  # type: ignore[attr-defined]


async def test_a_listing_of_many_pages_is_whole(own_server: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,100 objects are three pages. Between them an object comes, and etcd forgets all that was before."""
    async with connected(own_server) as client:
        await install(client, ours())
        for n in range(0, 1100, 50):
            await asyncio.gather(*(client.create(NETWORK, network(f"n{i}")) for i in range(n, n + 50)))
        asked: list[str] = []
        read = client.read

        async def counted(kind: Kind, query: Mapping[str, str], *, version: str | None = None) -> bytes:
            asked.append(query.get("continue", ""))
            if len(asked) == 2:
                await client.create(NETWORK, network("late"))
                own_server.compact()
            return await read(kind, query, version=version)

        monkeypatch.setattr(client, "read", counted)
        async with following(client, NETWORK) as store:
            wanted = {"late", *(f"n{i}" for i in range(1100))}
            await until(lambda: {each.metadata.name for each in store._cache.list(NETWORK, None)} == wanted)
        assert len(asked) >= 3
        assert asked[0] == ""
        assert all(asked[1:3])
