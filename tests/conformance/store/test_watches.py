"""What watchers are told."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import timedelta

import pytest
from grounds import Ground
from objects import GATEWAY_ROUTE, NETWORK, POLICY_ROUTE, SERVER, network, ref, route, server

from hauberk.model.resource import Resource
from hauberk.runtime.clock import ManualClock
from hauberk.store.history import Retention
from hauberk.store.protocol import Event, Gone, Store, StoreUnavailable

TIMEOUT_S = 10.0

Told = tuple[str, str, str, int]
"""Kind of change, kind and name of the object, revision."""


async def taken(events: AsyncGenerator[Event, None], count: int) -> list[Told]:
    found = []
    async with asyncio.timeout(TIMEOUT_S):
        while len(found) < count:
            event = await anext(events)
            found.append((event.type, event.resource.kind, event.resource.metadata.name, event.revision))
    return found


def put(resource: Resource) -> Told:
    """How a write is told: it has the revision that the writer got."""
    return ("put", resource.kind, resource.metadata.name, int(resource.metadata.resource_version))


def by_kind(told: Sequence[Told]) -> dict[str, list[Told]]:
    """The order that all back ends keep."""
    return {kind: [each for each in told if each[1] == kind] for kind in {each[1] for each in told}}


async def test_changes_come_in_order_with_what_changed(ground: Ground, store: Store) -> None:
    base = await store.revision()
    first = await store.create(server("a"))
    second = await store.update(server("a", port=81), expected=None)
    other = await store.create(network("n"))
    removed = await store.delete(ref(SERVER, "a"))
    async with aclosing(store.watch(None, since=base)) as events:
        told = await taken(events, 4)
    last = next(each for each in told if each[0] == "delete")
    assert by_kind(told) == by_kind([put(first), put(second), put(other), last])
    assert last[:3] == ("delete", "Server", "a")
    assert last[3] > int(other.metadata.resource_version)
    async with aclosing(store.watch(None, since=int(other.metadata.resource_version))) as events:
        event = await anext(events)
        assert (event.type, event.resource, event.revision) == ("delete", removed, last[3])
    if ground.one_process:
        assert told == [put(first), put(second), put(other), last]
        assert [revision for *_, revision in told] == [1, 2, 3, 4]


async def test_a_put_carries_its_revision_as_resource_version(store: Store) -> None:
    base = await store.revision()
    created = await store.create(server("a"))
    async with aclosing(store.watch(None, since=base)) as events:
        event = await anext(events)
    assert event.resource == created
    assert event.resource.metadata.resource_version == str(event.revision)


async def test_a_watcher_waits_for_what_comes(store: Store) -> None:
    async with aclosing(store.watch(None, since=await store.revision())) as events:
        waiting = asyncio.ensure_future(taken(events, 2))
        await asyncio.sleep(0)
        assert not waiting.done()
        written = [await store.create(server("a")), await store.create(server("b"))]
        assert await waiting == [put(each) for each in written]


async def test_a_kind_is_watched_alone_and_by_group(store: Store) -> None:
    async with aclosing(store.watch(POLICY_ROUTE, since=await store.revision())) as events:
        await store.create(route(GATEWAY_ROUTE, "g"))
        await store.create(network("n"))
        wanted = await store.create(route(POLICY_ROUTE, "p"))
        assert await taken(events, 1) == [put(wanted)]


async def test_a_listing_and_a_watch_from_it_leave_no_gap(store: Store) -> None:
    seen: set[str] = set()

    async def follow() -> None:
        listing = await store.list(SERVER)
        seen.update(item.metadata.name for item in listing.items)
        async with aclosing(store.watch(SERVER, since=listing.revision)) as events:
            while len(seen) < 100:
                seen.add((await anext(events)).resource.metadata.name)

    async def write() -> None:
        for n in range(100):
            await store.create(server(f"s{n}"))

    async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
        group.create_task(write())
        group.create_task(follow())
    assert len(seen) == 100


async def test_listings_of_several_kinds_and_a_watch_from_all_of_them_leave_no_gap(store: Store) -> None:
    """The kinds are listed one after the other, while others write to both."""
    there: set[tuple[str, str]] = set()

    async def follow() -> None:
        since = {}
        for kind in (SERVER, NETWORK):
            listing = await store.list(kind)
            since[kind] = listing.revision
            there.update((kind.kind, item.metadata.name) for item in listing.items)
            await asyncio.sleep(0)
        async with aclosing(store.watch(None, since=since)) as events:
            while len(there) < 100:
                event = await anext(events)
                there.add((event.resource.kind, event.resource.metadata.name))

    async def write() -> None:
        for n in range(50):
            await store.create(network(f"n{n}"))
            await store.create(server(f"s{n}"))

    async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
        group.create_task(follow())
        group.create_task(write())
    assert len(there) == 100


async def test_a_refused_write_is_no_change(store: Store) -> None:
    base = await store.revision()
    first = await store.create(server("a"))
    for attempt in (store.create(server("a")), store.delete(ref(SERVER, "x"))):
        with pytest.raises(Exception, match="exist"):
            await attempt
    await store.update(server("a"), expected=None)
    second = await store.create(server("b"))
    async with aclosing(store.watch(None, since=base)) as events:
        assert await taken(events, 2) == [put(first), put(second)]


async def test_a_watcher_that_is_too_slow_is_told_to_list(ground: Ground) -> None:
    async with ground.open(Retention(events=10)) as store:
        base = await store.revision()
        async with aclosing(store.watch(None, since=base)) as events:
            for n in range(300):
                await store.create(server(f"s{n}"))
            assert len((await store.list(SERVER)).items) == 300
            told = rf"changes up to revision \d+ are no longer kept, and {base} was asked for: list again"
            with pytest.raises(Gone, match=told):
                await anext(events)
        listing = await store.list(SERVER)
        assert len(listing.items) == 300
        async with aclosing(store.watch(None, since=listing.revision)) as later:
            last = await store.create(server("last"))
            assert await taken(later, 1) == [put(last)]


async def test_a_watcher_that_falls_behind_is_told_to_list(ground: Ground) -> None:
    async with (
        ground.open(Retention(events=10)) as store,
        aclosing(store.watch(SERVER, since=await store.revision())) as events,
    ):
        first = await store.create(server("first"))
        assert await taken(events, 1) == [put(first)]
        for n in range(30):
            await store.create(server(f"s{n}"))
        assert len((await store.list(SERVER)).items) == 31
        with pytest.raises(Gone):
            await taken(events, 30)


async def test_the_latest_changes_are_kept(ground: Ground) -> None:
    async with ground.open(Retention(events=10)) as store:
        written = [await store.create(server(f"s{n}")) for n in range(30)]
        assert len((await store.list(SERVER)).items) == 30
        since = int(written[19].metadata.resource_version)
        async with aclosing(store.watch(None, since=since)) as events:
            assert await taken(events, 10) == [put(each) for each in written[20:]]


async def test_old_changes_are_forgotten(ground: Ground, clock: ManualClock) -> None:
    if not ground.one_process:
        pytest.skip("what this process keeps of a cluster's changes is bounded by number, not by age")
    async with ground.open(Retention(age=timedelta(minutes=5))) as store:
        await store.create(server("old"))
        clock.advance(301)
        await store.create(server("new"))
        with pytest.raises(Gone):
            await anext(store.watch(None, since=0))
        async with aclosing(store.watch(None, since=1)) as events:
            assert [name for _, _, name, _ in await taken(events, 1)] == ["new"]


async def test_a_revision_ahead_of_the_store_is_gone(store: Store) -> None:
    """As after a restore from an older copy."""
    newest = await store.revision()
    ahead = newest + 1_000_007
    with pytest.raises(Gone, match=rf"revision {ahead} is ahead of the store, which is at \d+"):
        await anext(store.watch(None, since=ahead))


async def test_closing_ends_watches_and_refuses_the_rest(ground: Ground) -> None:
    async with ground.open(Retention()) as store:
        events = store.watch(NETWORK, since=await store.revision())
        waiting = asyncio.ensure_future(taken(events, 1))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            await waiting
        with pytest.raises(StoreUnavailable):
            await store.create(server())
