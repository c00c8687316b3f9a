"""What becomes of writes."""

import asyncio
from datetime import UTC, datetime

import pytest
from conftest import START
from msgspec.structs import replace
from objects import GATEWAY_ROUTE, NAMESPACE, POD, POLICY_ROUTE, SERVICE, namespace, pod, ref, route, service

from hauberk.model.pod import PodCondition, PodStatus
from hauberk.runtime.clock import ManualClock
from hauberk.store.protocol import AlreadyExists, Conflict, NotFound, Store


async def test_a_new_object_gets_what_only_the_store_gives(store: Store) -> None:
    created = await store.create(service(labels={"a": "b"}))
    assert created.metadata.uid
    assert created.metadata.generation == 1
    assert created.metadata.creation_timestamp == START.replace(microsecond=0)
    assert created.metadata.resource_version == str(await store.revision()) == "1"
    assert created.metadata.labels == {"a": "b"}
    assert created.spec == service().spec
    assert await store.get(ref(SERVICE)) == created


async def test_what_an_author_says_about_history_is_not_believed(store: Store) -> None:
    told = service(
        uid="mine", resource_version="77", generation=9, creation_timestamp=datetime.fromtimestamp(0, tz=UTC)
    )
    created = await store.create(told)
    assert created.metadata.uid != "mine"
    assert (created.metadata.resource_version, created.metadata.generation) == ("1", 1)


async def test_a_name_is_taken_once(store: Store) -> None:
    await store.create(service())
    with pytest.raises(AlreadyExists, match=r"^Service default/web exists already$"):
        await store.create(service(port=81))
    assert await store.revision() == 1


async def test_the_same_name_elsewhere_is_another_object(store: Store) -> None:
    await store.create(service())
    await store.create(service(namespace="other"))
    await store.create(route(POLICY_ROUTE))
    await store.create(route(GATEWAY_ROUTE))
    assert (await store.get(ref(POLICY_ROUTE, "r"))).group == "policy.linkerd.io"
    assert (await store.get(ref(GATEWAY_ROUTE, "r"))).group == "gateway.networking.k8s.io"


async def test_an_object_in_no_namespace_is_found(store: Store) -> None:
    created = await store.create(namespace("shop"))
    assert await store.get(ref(NAMESPACE, "shop")) == created


async def test_an_update_keeps_uid_and_age_and_counts_generations(store: Store, clock: ManualClock) -> None:
    first = await store.create(service())
    clock.advance(60)
    second = await store.update(service(port=81), expected=first.metadata.resource_version)
    assert second.metadata.uid == first.metadata.uid
    assert second.metadata.creation_timestamp == first.metadata.creation_timestamp
    assert (second.metadata.resource_version, second.metadata.generation) == ("2", 2)
    assert await store.get(ref(SERVICE)) == second


async def test_labels_and_status_are_no_new_generation(store: Store) -> None:
    first = await store.create(pod("p"))
    status = PodStatus(phase="Running", conditions=(PodCondition(type="Ready", status="True"),))
    second = await store.update(replace(first, status=status), expected=None)
    third = await store.update(replace(second, metadata=replace(second.metadata, labels={"a": "b"})), expected=None)
    assert third.metadata.generation == 1
    assert third.metadata.resource_version == "3"
    fourth = await store.update(replace(third, spec=replace(third.spec, node_name="there")), expected=None)
    assert fourth.metadata.generation == 2


async def test_an_update_that_changes_nothing_makes_no_revision(store: Store) -> None:
    first = await store.create(service())
    assert await store.update(service(), expected=None) == first
    assert await store.revision() == 1


async def test_an_update_from_an_old_state_is_a_conflict(store: Store) -> None:
    first = await store.create(service())
    await store.update(service(port=81), expected=first.metadata.resource_version)
    with pytest.raises(Conflict, match="it is at resource version 2, not 1; read it again and repeat the change"):
        await store.update(service(port=82), expected=first.metadata.resource_version)
    assert (await store.get(ref(SERVICE))).metadata.resource_version == "2"


async def test_an_update_of_an_earlier_object_of_the_name_is_a_conflict(store: Store) -> None:
    first = await store.create(service())
    await store.delete(ref(SERVICE))
    await store.create(service())
    with pytest.raises(Conflict, match="another object by now"):
        await store.update(replace(first, spec=service(port=81).spec), expected=None)


async def test_what_is_not_there_cannot_be_read_updated_or_deleted(store: Store) -> None:
    for attempt in (store.get(ref(SERVICE)), store.update(service(), expected=None), store.delete(ref(SERVICE))):
        with pytest.raises(NotFound, match=r"^Service default/web does not exist$"):
            await attempt


async def test_a_deletion_gives_the_object_as_it_was(store: Store) -> None:
    created = await store.create(service())
    assert await store.delete(ref(SERVICE)) == created
    assert await store.revision() == 2
    with pytest.raises(NotFound):
        await store.get(ref(SERVICE))


@pytest.mark.parametrize("guard", [{"expected": "1"}, {"uid": "another"}])
async def test_a_deletion_can_be_guarded(store: Store, guard: dict[str, str]) -> None:
    await store.create(service())
    await store.update(service(port=81), expected=None)
    with pytest.raises(Conflict):
        await store.delete(ref(SERVICE), **guard)
    current = (await store.get(ref(SERVICE))).metadata
    await store.delete(ref(SERVICE), expected=current.resource_version, uid=current.uid)


async def test_a_listing_is_in_order_and_of_one_revision(store: Store) -> None:
    for name, where in (("b", "y"), ("a", "z"), ("a", "y")):
        await store.create(service(name, where))
    await store.create(pod("p"))
    everything = await store.list(SERVICE)
    assert [(s.metadata.namespace, s.metadata.name) for s in everything.items] == [("y", "a"), ("y", "b"), ("z", "a")]
    assert everything.revision == 4
    assert [s.metadata.name for s in (await store.list(SERVICE, "z")).items] == ["a"]
    assert (await store.list(SERVICE, "nowhere")).items == ()
    assert [p.metadata.name for p in (await store.list(POD)).items] == ["p"]


async def test_of_many_who_replace_the_same_state_one_wins(store: Store) -> None:
    first = await store.create(service())
    attempts = [store.update(service(port=100 + n), expected=first.metadata.resource_version) for n in range(20)]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    winners = [r for r in results if not isinstance(r, BaseException)]
    assert len(winners) == 1
    assert sum(isinstance(r, Conflict) for r in results) == 19
    assert await store.get(ref(SERVICE)) == winners[0]


async def test_many_writes_at_once_have_one_order(store: Store) -> None:
    created = await asyncio.gather(*(store.create(service(f"s{n}")) for n in range(300)))
    assert sorted(int(s.metadata.resource_version) for s in created) == list(range(1, 301))
    assert len({s.metadata.uid for s in created}) == 300
    assert len((await store.list(SERVICE)).items) == 300


async def test_a_writer_that_goes_away_harms_nobody(store: Store) -> None:
    impatient = asyncio.ensure_future(store.create(service("a")))
    patient = asyncio.ensure_future(store.create(service("b")))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await patient).metadata.name == "b"
    # Whether the write was already done when its writer left is for the back end to say.
    outcome = (await asyncio.gather(impatient, return_exceptions=True))[0]
    assert isinstance(outcome, asyncio.CancelledError) or outcome.metadata.name == "a"
