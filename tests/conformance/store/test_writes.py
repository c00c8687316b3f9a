"""What becomes of writes."""

import asyncio
from datetime import UTC, datetime

import pytest
from conftest import START
from grounds import Ground
from msgspec.structs import replace
from objects import (
    GATEWAY_ROUTE,
    NAMESPACE,
    NETWORK,
    POLICY_ROUTE,
    SERVER,
    namespace,
    network,
    ref,
    route,
    server,
)

from hauberk.model.route import RouteStatus
from hauberk.runtime.clock import ManualClock
from hauberk.store.protocol import AlreadyExists, Conflict, NotFound, Store


async def test_a_new_object_gets_what_only_the_store_gives(ground: Ground, store: Store) -> None:
    created = await store.create(server(labels={"a": "b"}))
    assert created.metadata.uid
    assert created.metadata.generation == 1
    assert created.metadata.creation_timestamp is not None
    assert created.metadata.creation_timestamp.microsecond == 0
    assert 0 < int(created.metadata.resource_version) <= await store.revision()
    assert created.metadata.labels == {"a": "b"}
    assert created.spec == server().spec
    assert await store.get(ref(SERVER)) == created
    if ground.one_process:
        assert created.metadata.creation_timestamp == START.replace(microsecond=0)
        assert created.metadata.resource_version == str(await store.revision()) == "1"


async def test_what_an_author_says_about_history_is_not_believed(store: Store) -> None:
    told = server(
        uid="mine", resource_version="7777777", generation=9, creation_timestamp=datetime.fromtimestamp(0, tz=UTC)
    )
    created = await store.create(told)
    assert created.metadata.uid != "mine"
    assert created.metadata.generation == 1
    assert int(created.metadata.resource_version) <= await store.revision() < 7777777
    assert created.metadata.creation_timestamp != told.metadata.creation_timestamp


async def test_a_name_is_taken_once(store: Store) -> None:
    first = await store.create(server())
    with pytest.raises(AlreadyExists, match=r"^Server\.policy\.linkerd\.io default/web exists already$"):
        await store.create(server(port=81))
    assert await store.get(ref(SERVER)) == first


async def test_the_same_name_elsewhere_is_another_object(store: Store) -> None:
    await store.create(server())
    await store.create(server(namespace="other"))
    await store.create(route(POLICY_ROUTE))
    await store.create(route(GATEWAY_ROUTE))
    assert (await store.get(ref(POLICY_ROUTE, "r"))).group == "policy.linkerd.io"
    assert (await store.get(ref(GATEWAY_ROUTE, "r"))).group == "gateway.networking.k8s.io"


async def test_an_object_in_no_namespace_is_found(store: Store) -> None:
    created = await store.create(namespace("shop"))
    assert await store.get(ref(NAMESPACE, "shop")) == created


async def test_an_update_keeps_uid_and_age_and_counts_generations(
    ground: Ground, store: Store, clock: ManualClock
) -> None:
    first = await store.create(server())
    clock.advance(60)
    second = await store.update(server(port=81), expected=first.metadata.resource_version)
    assert second.metadata.uid == first.metadata.uid
    assert second.metadata.creation_timestamp == first.metadata.creation_timestamp
    assert second.metadata.generation == 2
    assert int(second.metadata.resource_version) > int(first.metadata.resource_version)
    assert await store.get(ref(SERVER)) == second
    if ground.one_process:
        assert second.metadata.resource_version == "2"


async def test_labels_are_no_new_generation(store: Store) -> None:
    first = await store.create(server())
    second = await store.update(replace(first, metadata=replace(first.metadata, labels={"a": "b"})), expected=None)
    assert second.metadata.labels == {"a": "b"}
    assert second.metadata.generation == 1
    assert int(second.metadata.resource_version) > int(first.metadata.resource_version)
    third = await store.update(replace(second, spec=server(port=81).spec), expected=None)
    assert third.metadata.generation == 2
    assert third.metadata.labels == {"a": "b"}


async def test_a_label_can_be_taken_away(store: Store) -> None:
    await store.create(server(labels={"a": "b", "c": "d"}, annotations={"hauberk.dev/x": "y"}))
    second = await store.update(server(labels={"c": "d"}), expected=None)
    assert (second.metadata.labels, second.metadata.annotations) == ({"c": "d"}, {})


async def test_a_status_is_no_new_generation(ground: Ground, store: Store) -> None:
    first = await store.create(route(GATEWAY_ROUTE))
    second = await store.update(replace(first, status=RouteStatus()), expected=None)
    assert second.metadata.generation == 1
    if ground.one_process:
        assert second.status == RouteStatus()
        assert second.metadata.resource_version == "2"
    else:
        assert second == first  # in a cluster it is written by itself, and an update leaves it alone


async def test_an_update_that_changes_nothing_makes_no_revision(ground: Ground, store: Store) -> None:
    first = await store.create(server())
    assert await store.update(server(), expected=None) == first
    assert await store.get(ref(SERVER)) == first
    if ground.one_process:
        assert await store.revision() == 1


async def test_an_update_from_an_old_state_is_a_conflict(store: Store) -> None:
    first = await store.create(server())
    second = await store.update(server(port=81), expected=first.metadata.resource_version)
    had, has = first.metadata.resource_version, second.metadata.resource_version
    with pytest.raises(Conflict, match=f"it is at resource version {has}, not {had}; read it again and repeat"):
        await store.update(server(port=82), expected=had)
    assert await store.get(ref(SERVER)) == second


async def test_an_update_of_an_earlier_object_of_the_name_is_a_conflict(store: Store) -> None:
    first = await store.create(server())
    await store.delete(ref(SERVER))
    await store.create(server())
    with pytest.raises(Conflict, match="another object by now"):
        await store.update(replace(first, spec=server(port=81).spec), expected=None)


async def test_what_is_not_there_cannot_be_read_updated_or_deleted(store: Store) -> None:
    for attempt in (store.get(ref(SERVER)), store.update(server(), expected=None), store.delete(ref(SERVER))):
        with pytest.raises(NotFound, match=r"^Server\.policy\.linkerd\.io default/web does not exist$"):
            await attempt


async def test_a_deletion_gives_the_object_as_it_was(ground: Ground, store: Store) -> None:
    created = await store.create(server())
    assert await store.delete(ref(SERVER)) == created
    with pytest.raises(NotFound):
        await store.get(ref(SERVER))
    assert (await store.list(SERVER)).items == ()
    if ground.one_process:
        assert await store.revision() == 2


async def test_a_listing_shows_what_was_just_written_and_not_what_was_just_deleted(store: Store) -> None:
    for _ in range(20):
        created = await store.create(server())
        assert (await store.list(SERVER)).items == (created,)
        await store.delete(ref(SERVER))
        assert (await store.list(SERVER)).items == ()


@pytest.mark.parametrize("guard", ["expected", "uid"])
async def test_a_deletion_can_be_guarded(store: Store, guard: str) -> None:
    first = await store.create(server())
    await store.update(server(port=81), expected=None)
    guards = {"expected": first.metadata.resource_version, "uid": "another"}
    with pytest.raises(Conflict):
        await store.delete(ref(SERVER), **{guard: guards[guard]})
    current = (await store.get(ref(SERVER))).metadata
    await store.delete(ref(SERVER), expected=current.resource_version, uid=current.uid)


async def test_a_listing_is_in_order_and_of_one_revision(ground: Ground, store: Store) -> None:
    for name, where in (("b", "y"), ("a", "z"), ("a", "y")):
        await store.create(server(name, where))
    last = await store.create(network("n"))
    everything = await store.list(SERVER)
    assert [(s.metadata.namespace, s.metadata.name) for s in everything.items] == [("y", "a"), ("y", "b"), ("z", "a")]
    assert everything.revision >= max(int(item.metadata.resource_version) for item in everything.items)
    assert everything.revision <= await store.revision()
    assert [s.metadata.name for s in (await store.list(SERVER, "z")).items] == ["a"]
    assert (await store.list(SERVER, "nowhere")).items == ()
    assert (await store.list(NETWORK)).items == (last,)
    if ground.one_process:
        assert everything.revision == 4


async def test_of_many_who_replace_the_same_state_one_wins(store: Store) -> None:
    first = await store.create(server())
    attempts = [store.update(server(port=100 + n), expected=first.metadata.resource_version) for n in range(20)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    winners = [r for r in results if not isinstance(r, BaseException)]
    assert len(winners) == 1
    assert sum(isinstance(r, Conflict) for r in results) == 19
    assert await store.get(ref(SERVER)) == winners[0]


async def test_of_many_who_replace_any_state_the_last_wins(store: Store) -> None:
    first = await store.create(server())
    results = await asyncio.gather(*(store.update(server(port=100 + n), expected=None) for n in range(5)))
    last = max(results, key=lambda result: int(result.metadata.resource_version))
    assert await store.get(ref(SERVER)) == last
    assert last.metadata.generation == first.metadata.generation + 5


async def test_many_writes_at_once_have_one_order(ground: Ground, store: Store) -> None:
    created = await asyncio.gather(*(store.create(server(f"s{n}")) for n in range(300)))
    assert len({s.metadata.resource_version for s in created}) == 300
    assert len({s.metadata.uid for s in created}) == 300
    assert len((await store.list(SERVER)).items) == 300
    if ground.one_process:
        assert sorted(int(s.metadata.resource_version) for s in created) == list(range(1, 301))


async def test_a_writer_that_goes_away_harms_nobody(store: Store) -> None:
    impatient = asyncio.ensure_future(store.create(server("a")))
    patient = asyncio.ensure_future(store.create(server("b")))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).metadata.name == "b"
    # Whether the write was already done when its writer left is for the back end to say.
    outcome = (await asyncio.gather(impatient, return_exceptions=True))[0]
    assert isinstance(outcome, asyncio.CancelledError) or outcome.metadata.name == "a"
