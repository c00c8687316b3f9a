"""What a follower makes of answers that a real API server seldom gives."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import SystemRandom
from typing import Any

import pytest
from aiohttp import web
from answering import an_api

from hauberk.client.api import Client
from hauberk.model.kinds import kind_named
from hauberk.model.server import Server
from hauberk.runtime.latest import Latest
from hauberk.runtime.tasks import spawn
from hauberk.store.kubernetes_cache import Cache, key_of
from hauberk.store.kubernetes_follow import Follower

SERVER = kind_named("policy.linkerd.io", "Server")
ROUTE = kind_named("gateway.networking.k8s.io", "HTTPRoute")
WITHIN_S = 10.0

Document = dict[str, Any]


def server(name: str, version: int) -> Document:
    return {
        "apiVersion": "policy.linkerd.io/v1beta3",
        "kind": "Server",
        "metadata": {"name": name, "namespace": "default", "resourceVersion": str(version)},
        "spec": {"podSelector": {}, "port": 80},
    }


def expired() -> Document:
    return {"type": "ERROR", "object": {"kind": "Status", "metadata": {}, "code": 410, "reason": "Expired"}}


class Cluster:
    """What there is, at which revision, and what watches say. The last of several listings is said for ever."""

    def __init__(self, *listings: tuple[list[Document], int] | int, versions: tuple[str, ...] = ("v1beta3",)) -> None:
        """A number in place of a listing is an error of HTTP."""
        self.listings = list(listings)
        self.streams: list[list[Document]] = []
        self.versions = versions
        self.lists = 0
        self.since: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.split("/")[3] not in self.versions:
            return web.Response(status=404, text="404 page not found")
        return await (self._watch(request) if request.query.get("watch") else self._list())

    async def _list(self) -> web.Response:
        self.lists += 1
        listing = self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]
        if isinstance(listing, int):
            return web.Response(status=listing, headers={"Retry-After": "0"})
        items, revision = listing
        return web.json_response({"metadata": {"resourceVersion": str(revision)}, "items": items})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        self.since.append(request.query["resourceVersion"])
        response = web.StreamResponse()
        await response.prepare(request)
        if not self.streams:
            await asyncio.Event().wait()
        for event in self.streams.pop(0):
            await response.write(json.dumps(event).encode() + b"\n")
        return response


class Watched:
    """A follower at work, and its cache."""

    def __init__(self, cache: Cache, changes: Latest[None]) -> None:
        self.cache = cache
        self._changes = changes
        self.follower: Follower

    def names(self) -> set[str]:
        return {each.metadata.name for each in self.cache.list(SERVER, None)}

    async def until(self, check: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not check():
                await self._changes.changed(self._changes.version)


@asynccontextmanager
async def watching(cluster: Cluster, kind: Any = SERVER) -> AsyncIterator[Watched]:
    changes = Latest(None)
    watched = Watched(Cache(changes=100), changes)
    async with an_api(cluster.answer) as api, Client(api.endpoint) as client, asyncio.TaskGroup() as group:
        watched.follower = Follower(
            client, kind, watched.cache, lambda: changes.set(None), rng=SystemRandom(), unknown_s=0.1
        )
        task = spawn(group, watched.follower.run(), name="follower")
        yield watched
        task.cancel()


async def test_a_410_within_a_stream_is_answered_by_a_listing() -> None:
    cluster = Cluster(([server("a", 3)], 5), ([server("b", 8)], 9))
    cluster.streams = [[{"type": "ADDED", "object": server("x", 6)}, expired()]]
    async with watching(cluster) as watched:
        await watched.until(lambda: watched.names() == {"b"})
        assert watched.follower.trouble is None
    assert cluster.since[0] == "5"
    since = {key_of(SERVER): 5}
    _, events = watched.cache.after(watched.cache.start(since), since, most=10)
    assert [(event.type, event.resource.metadata.name) for event in events] == [
        ("put", "x"),
        ("put", "b"),
        ("delete", "a"),
        ("delete", "x"),
    ]


async def test_a_stream_that_ends_goes_on_where_it_was() -> None:
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "40"}}}
    cluster = Cluster(([], 5))
    cluster.streams = [[{"type": "ADDED", "object": server("a", 6)}], [bookmark], []]
    async with watching(cluster) as watched:
        await watched.until(lambda: len(cluster.since) == 4)
    assert cluster.since == ["5", "6", "40", "40"]
    assert cluster.lists == 1


async def test_an_object_that_is_odd_does_not_stop_the_stream() -> None:
    odd = server("odd", 6) | {"spec": {"podSelector": [], "port": "?"}}
    cluster = Cluster(([], 5))
    cluster.streams = [[{"type": "ADDED", "object": odd}, {"type": "ADDED", "object": server("a", 7)}]]
    async with watching(cluster) as watched:
        await watched.until(lambda: watched.names() == {"a", "odd"})
        (closed,) = (of for of in watched.cache.list(SERVER, None) if of.metadata.name == "odd")
        assert isinstance(closed, Server)
        assert closed.closed
        assert not watched.cache.left_out


async def test_an_older_version_is_followed_where_the_newest_is_not_served() -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "HTTPRoute",
        "metadata": {"name": "r", "namespace": "default", "resourceVersion": "3"},
        "spec": {"parentRefs": [{"group": "", "kind": "Service", "name": "web"}]},
    }
    async with watching(Cluster(([route], 5), versions=("v1beta1",)), ROUTE) as watched:
        await watched.until(lambda: watched.cache.list(ROUTE, None))
        assert watched.follower.trouble is None


async def test_a_server_that_does_not_know_yet_what_it_serves_empties_nothing() -> None:
    cluster = Cluster(([server("a", 3)], 5), 404, ([server("a", 3)], 7))
    cluster.streams = [[expired()]]
    async with watching(cluster) as watched:
        await watched.until(lambda: watched.names() == {"a"})
        await watched.until(lambda: watched.cache.position(SERVER) == 7)
        since = {key_of(SERVER): 5}
        assert watched.cache.after(watched.cache.start(since), since, most=10)[1] == []


async def test_a_kind_that_stays_unknown_has_no_objects() -> None:
    cluster = Cluster(([server("a", 3)], 5), 404)
    cluster.streams = [[expired()]]
    async with watching(cluster) as watched:
        await watched.until(lambda: watched.names() == {"a"})
        await watched.until(lambda: watched.names() == set())
        assert watched.follower.trouble is None


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (401, "does not know the control plane .*: see that the token"),
        (403, r"allow it list on servers\.policy\.linkerd\.io"),
        (429, "has too much to do"),
        (500, "cannot list servers"),
    ],
)
async def test_an_error_is_trouble_until_it_passes(code: int, says: str) -> None:
    async with watching(Cluster(code, code, ([server("a", 3)], 5))) as watched:
        await watched.until(lambda: watched.follower.trouble)
        trouble = watched.follower.trouble
        assert trouble is not None
        with pytest.raises(type(trouble), match=says):
            raise trouble
        await watched.until(lambda: watched.names() == {"a"})
        assert watched.follower.trouble is None


async def test_an_answer_that_is_none_of_kubernetes_is_trouble_and_asked_again() -> None:
    cluster = Cluster(([], 5))
    cluster.streams = [[{"nonsense": True}], [{"type": "ADDED", "object": server("a", 6)}]]
    async with watching(cluster) as watched:
        await watched.until(lambda: watched.names() == {"a"})
    assert cluster.since[:2] == ["5", "5"]
