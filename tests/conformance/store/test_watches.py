"""What watchers are told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta

import pytest
from conftest import Open
from objects import GATEWAY_ROUTE, POD, POLICY_ROUTE, SERVICE, pod, ref, route, service

from hauberk.runtime.clock import ManualClock
from hauberk.store.history import Retention
from hauberk.store.protocol import Event, Gone, Store, StoreUnavailable

TIMEOUT_S = 10.0


async def taken(events: AsyncGenerator[Event, None], count: int) -> list[tuple[str, str, int]]:
    found = []
    async with asyncio.timeout(TIMEOUT_S):
        while len(found) < count:
            event = await anext(events)
            found.append((event.type, event.resource.metadata.name, event.revision))
    return found


async def test_changes_come_in_order_with_what_changed(store: Store) -> None:
    await store.create(service("a"))
    await store.update(service("a", port=81), expected=None)
    await store.create(pod("p"))
    removed = await store.delete(ref(SERVICE, "a"))
    async with aclosing(store.watch(None, since=0)) as events:
        assert await taken(events, 4) == [("put", "a", 1), ("put", "a", 2), ("put", "p", 3), ("delete", "a", 4)]
    async with aclosing(store.watch(None, since=3)) as events:
        last = await anext(events)
        assert (last.type, last.resource) == ("delete", removed)


async def test_a_put_carries_its_revision_as_resource_version(store: Store) -> None:
    created = await store.create(service("a"))
    async with aclosing(store.watch(None, since=0)) as events:
        event = await anext(events)
    assert event.resource == created
    assert event.resource.metadata.resource_version == str(event.revision)


async def test_a_watcher_waits_for_what_comes(store: Store) -> None:
    async with aclosing(store.watch(None, since=0)) as events:
        waiting = asyncio.ensure_future(taken(events, 2))
        await asyncio.sleep(0)
        assert not waiting.done()
        await store.create(service("a"))
        await store.create(service("b"))
        assert await waiting == [("put", "a", 1), ("put", "b", 2)]


async def test_a_kind_is_watched_alone_and_by_group(store: Store) -> None:
    async with aclosing(store.watch(POLICY_ROUTE, since=0)) as events:
        await store.create(route(GATEWAY_ROUTE, "g"))
        await store.create(pod("p"))
        await store.create(route(POLICY_ROUTE, "p"))
        assert await taken(events, 1) == [("put", "p", 3)]


async def test_a_listing_and_a_watch_from_it_leave_no_gap(store: Store) -> None:
    seen: set[str] = set()

    async def follow() -> None:
        listing = await store.list(SERVICE)
        seen.update(item.metadata.name for item in listing.items)
        async with aclosing(store.watch(SERVICE, since=listing.revision)) as events:
            while len(seen) < 100:
                seen.add((await anext(events)).resource.metadata.name)

    async def write() -> None:
        for n in range(100):
            await store.create(service(f"s{n}"))

    async with asyncio.timeout(TIMEOUT_S), asyncio.TaskGroup() as group:
        group.create_task(write())
        group.create_task(follow())
    assert len(seen) == 100


async def test_a_refused_write_is_no_change(store: Store) -> None:
    await store.create(service("a"))
    for attempt in (store.create(service("a")), store.delete(ref(SERVICE, "x"))):
        with pytest.raises(Exception, match="exist"):
            await attempt
    await store.update(service("a"), expected=None)
    await store.create(service("b"))
    async with aclosing(store.watch(None, since=0)) as events:
        assert await taken(events, 2) == [("put", "a", 1), ("put", "b", 2)]


async def test_a_watcher_that_is_too_slow_is_told_to_list(opened: Open) -> None:
    async with opened(Retention(events=10)) as store, aclosing(store.watch(None, since=0)) as events:
        for n in range(300):
            await store.create(service(f"s{n}"))
        with pytest.raises(
            Gone, match=r"changes up to revision \d+ are no longer kept, and 0 was asked for: list again"
        ):
            await anext(events)
        listing = await store.list(SERVICE)
        assert len(listing.items) == 300
        async with aclosing(store.watch(None, since=listing.revision)) as later:
            await store.create(service("last"))
            assert await taken(later, 1) == [("put", "last", 301)]


async def test_the_latest_changes_are_kept(opened: Open) -> None:
    async with opened(Retention(events=10)) as store:
        for n in range(30):
            await store.create(service(f"s{n}"))
        async with aclosing(store.watch(None, since=20)) as events:
            assert [revision for _, _, revision in await taken(events, 10)] == list(range(21, 31))


async def test_old_changes_are_forgotten(opened: Open, clock: ManualClock) -> None:
    async with opened(Retention(age=timedelta(minutes=5))) as store:
        await store.create(service("old"))
        clock.advance(301)
        await store.create(service("new"))
        with pytest.raises(Gone):
            await anext(store.watch(None, since=0))
        async with aclosing(store.watch(None, since=1)) as events:
            assert await taken(events, 1) == [("put", "new", 2)]


async def test_a_revision_ahead_of_the_store_is_gone(store: Store) -> None:
    """As after a restore from an older copy."""
    with pytest.raises(Gone, match="revision 7 is ahead of the store, which is at 0"):
        await anext(store.watch(None, since=7))


async def test_closing_ends_watches_and_refuses_the_rest(opened: Open) -> None:
    async with opened() as store:
        events = store.watch(POD, since=0)
        waiting = asyncio.ensure_future(taken(events, 1))
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(StoreUnavailable, match="the store is closed"):
            await waiting
        with pytest.raises(StoreUnavailable):
            await store.create(service())
