"""What the catalog makes of a store that tells of each kind in order, and of all of them as it comes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from random import SystemRandom

from hauberk.catalog.feed import Feed
from hauberk.catalog.kinds import KINDS
from hauberk.model.kinds import Kind, kind_named
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.service import Service, ServiceSpec
from hauberk.runtime.backoff import Backoff
from hauberk.runtime.tasks import spawn
from hauberk.store.protocol import Event, Gone, Listing

NAMESPACE, SERVICE = kind_named("", "Namespace"), kind_named("", "Service")


def namespace(version: int, **labels: str) -> Namespace:
    return Namespace(metadata=ObjectMeta(name="shop", resource_version=str(version), labels=labels))


def service(version: int) -> Service:
    meta = ObjectMeta(name="web", namespace="shop", resource_version=str(version))
    return Service(metadata=meta, spec=ServiceSpec())


class Cluster:
    """Listings of two kinds at different revisions, and then changes; `Gone` in their place is raised."""

    identity = "a-cluster"

    def __init__(self, *changes: Event | Gone) -> None:
        self.changes = list(changes)
        self.listings: dict[Kind, Listing] = {
            NAMESPACE: Listing((namespace(5),), 10),
            SERVICE: Listing((), 12),
        }
        self.since: list[Mapping[Kind, int]] = []

    async def list(self, kind: Kind, namespace: str | None = None) -> Listing:
        del namespace
        return self.listings.get(kind, Listing((), 11))

    async def watch(self, kind: Kind | None, *, since: Mapping[Kind, int]) -> AsyncGenerator[Event, None]:
        assert kind is None
        self.since.append(dict(since))
        while self.changes:
            change = self.changes.pop(0)
            if isinstance(change, Gone):
                raise change
            yield change
        await asyncio.Event().wait()


async def versions(cluster: Cluster, count: int) -> tuple[Feed, list[int]]:
    """The revisions of the first snapshots that were published."""
    feed = Feed(cluster, Backoff(0.01, 0.1, 0.2, SystemRandom()))  # type: ignore[arg-type]
    seen: list[int] = []
    published = feed.latest.set
    feed.latest.set = lambda snapshot: (seen.append(snapshot.version.revision), published(snapshot))[1]  # type: ignore[method-assign,func-returns-value]
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        task = spawn(group, feed.run(), name="feed")
        while len(seen) < count:
            await feed.latest.changed(feed.latest.version)
        task.cancel()
    return feed, seen


async def test_a_watch_begins_where_each_kinds_listing_ended() -> None:
    cluster = Cluster()
    _, seen = await versions(cluster, 1)
    assert seen == [10]
    (since,) = cluster.since
    assert (since[NAMESPACE], since[SERVICE]) == (10, 12)
    assert len(since) == len(KINDS)


async def test_a_version_is_the_newest_change_and_never_goes_back() -> None:
    changes = [Event("put", service(20), 20), Event("put", namespace(15, a="b"), 15), Event("put", service(21), 21)]
    feed, seen = await versions(Cluster(*changes), 4)
    assert seen == [10, 20, 20, 21]
    found = feed.latest.value.namespace("shop")
    assert found is not None
    assert found.metadata.labels == {"a": "b"}


async def test_what_a_listing_shows_already_is_not_taken_again() -> None:
    cluster = Cluster(Event("delete", service(3), 11))
    cluster.listings[SERVICE] = Listing((service(12),), 12)
    feed, seen = await versions(cluster, 2)
    assert seen == [10, 11]
    assert feed.latest.value.service("shop", "web") is not None


async def test_a_listing_anew_does_not_take_the_version_back() -> None:
    cluster = Cluster(Event("put", service(20), 20), Gone("too slow"))
    feed, seen = await versions(cluster, 3)
    assert seen == [10, 20, 20]
    assert feed.latest.value.service("shop", "web") is None
    assert len(cluster.since) == 2
