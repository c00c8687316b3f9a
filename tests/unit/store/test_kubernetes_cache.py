from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from hauberk.model.kinds import Kind, kind_named
from hauberk.model.metadata import ObjectMeta
from hauberk.model.namespace import Namespace
from hauberk.model.serviceaccount import ServiceAccount
from hauberk.store.kubernetes_cache import Cache, Key, key_of
from hauberk.store.kubernetes_reading import LeftOut, Read
from hauberk.store.protocol import Gone, Ref, ref_of

NAMESPACE, ACCOUNT = kind_named("", "Namespace"), kind_named("", "ServiceAccount")
N, A = key_of(NAMESPACE), key_of(ACCOUNT)


def namespace(name: str, version: int) -> Read:
    return Read(Namespace(metadata=ObjectMeta(name=name, resource_version=str(version))))


def account(name: str, version: int) -> Read:
    return Read(ServiceAccount(metadata=ObjectMeta(name=name, namespace="x", resource_version=str(version))))


def odd(name: str, version: int, reason: str = "it is odd") -> LeftOut:
    return LeftOut(Ref("", "Namespace", "", name), version, reason)


def cache(*, changes: int = 100) -> Cache:
    made = Cache(changes=changes)
    made.listed(NAMESPACE, [namespace("a", 3)], 10)
    made.listed(ACCOUNT, [], 12)
    return made


def names(held: Cache, kind: Kind = NAMESPACE) -> list[str]:
    return [resource.metadata.name for resource in held.list(kind, None)]


def told(held: Cache, since: Mapping[Key, int]) -> list[tuple[str, str, int]]:
    _, events = held.after(held.start(since), since, most=100)
    return [(event.type, event.resource.metadata.name, event.revision) for event in events]


def test_a_listing_is_known_at_its_revision() -> None:
    held = cache()
    assert names(held) == ["a"]
    assert (held.position(NAMESPACE), held.position(ACCOUNT), held.newest) == (10, 12, 12)
    assert held.position(kind_named("", "Pod")) is None


def test_changes_are_told_in_the_order_of_their_kind() -> None:
    held = cache()
    held.changed(ACCOUNT, account("s", 15), deleted=False)
    held.changed(NAMESPACE, namespace("b", 13), deleted=False)
    held.changed(NAMESPACE, namespace("a", 14), deleted=True)
    assert told(held, {N: 10, A: 12}) == [("put", "s", 15), ("put", "b", 13), ("delete", "a", 14)]
    assert told(held, {N: 13}) == [("delete", "a", 14)]
    assert told(held, {A: 12}) == [("put", "s", 15)]
    assert names(held) == ["b"]


def test_a_mark_moves_only_forward() -> None:
    held = cache()
    held.marked(NAMESPACE, 20)
    held.marked(NAMESPACE, 5)
    assert held.position(NAMESPACE) == 20


def test_a_later_listing_becomes_what_differs() -> None:
    held = cache()
    held.changed(NAMESPACE, namespace("b", 13), deleted=False)
    new = held.listed(NAMESPACE, [namespace("b", 13), namespace("c", 17), namespace("d", 16)], 20)
    assert [item.ref.name for item in new] == ["c", "d"]
    assert told(held, {N: 10}) == [("put", "b", 13), ("put", "d", 16), ("put", "c", 17), ("delete", "a", 20)]
    assert names(held) == ["b", "c", "d"]


def test_what_a_hidden_kind_had_all_along_is_told_as_new() -> None:
    """Its objects are older than the revision at which it was known to be empty."""
    held = cache()
    held.listed(NAMESPACE, [namespace("a", 3), namespace("old", 2)], 21)
    assert told(held, {N: 10}) == [("put", "old", 21)]


def test_a_restored_cluster_has_readers_list_again() -> None:
    held = cache()
    reader = held.start({N: 10})
    held.listed(NAMESPACE, [namespace("a", 2)], 5)
    assert held.position(NAMESPACE) == 5
    with pytest.raises(Gone):
        held.after(reader, {N: 10}, most=10)
    assert told(held, {N: 5}) == []
    held.changed(NAMESPACE, namespace("b", 6), deleted=False)
    assert told(held, {N: 5}) == [("put", "b", 6)]


def test_a_first_listing_that_comes_late_has_its_readers_list_again() -> None:
    held = Cache(changes=100)
    held.listed(ACCOUNT, [], 12)
    both, accounts = held.start({N: 12, A: 12}), held.start({A: 12})
    held.listed(NAMESPACE, [namespace("a", 3)], 15)
    with pytest.raises(Gone):
        held.after(both, {N: 12, A: 12}, most=10)
    assert held.after(accounts, {A: 12}, most=10)[1] == []


def test_what_was_forgotten_cannot_be_told() -> None:
    held = cache(changes=8)
    reader = held.start({N: 10})
    for version in range(20, 31):
        held.changed(NAMESPACE, namespace("a", version), deleted=False)
    with pytest.raises(Gone, match="changes up to revision 22 are no longer kept, and 10 was asked for"):
        held.after(reader, {N: 10}, most=10)
    with pytest.raises(Gone):
        held.start({N: 21})
    assert [revision for *_, revision in told(held, {N: 22})] == list(range(23, 31))
    # Of another kind nothing was forgotten.
    assert told(held, {A: 12}) == []


def test_a_revision_of_the_future_is_gone() -> None:
    with pytest.raises(Gone, match="revision 13 is ahead of the store, which is at 12"):
        cache().start({N: 13})


def test_readers_take_some_at_a_time() -> None:
    held = cache()
    for version in range(20, 25):
        held.changed(NAMESPACE, namespace("a", version), deleted=False)
    place, found = held.start({N: 10}), []
    while True:
        after, events = held.after(place, {N: 10}, most=2)
        if after == place:
            break
        place = after
        found.append([event.revision for event in events])
    assert found == [[20, 21], [22, 23], [24]]


def test_what_no_longer_makes_sense_is_gone_and_comes_back() -> None:
    held = cache()
    held.changed(NAMESPACE, odd("a", 13), deleted=False)
    assert names(held) == []
    assert list(held.left_out) == [Ref("", "Namespace", "", "a")]
    held.changed(NAMESPACE, namespace("a", 14), deleted=False)
    assert not held.left_out
    held.changed(NAMESPACE, odd("a", 15), deleted=False)
    held.changed(NAMESPACE, odd("a", 16), deleted=True)
    assert not held.left_out
    assert told(held, {N: 10}) == [("delete", "a", 13), ("put", "a", 14), ("delete", "a", 15)]


def test_what_is_not_ours_is_not_counted_as_odd() -> None:
    held = cache()
    held.changed(NAMESPACE, odd("b", 13, reason=""), deleted=False)
    assert not held.left_out
    assert held.position(NAMESPACE) == 13


def test_an_odd_object_is_new_once_for_each_of_its_states() -> None:
    held = cache()
    assert held.listed(NAMESPACE, [namespace("a", 3), odd("b", 12)], 20) == [odd("b", 12)]
    assert held.listed(NAMESPACE, [namespace("a", 3), odd("b", 12)], 21) == []
    assert held.listed(NAMESPACE, [namespace("a", 3), odd("b", 22)], 23) == [odd("b", 22)]
    held.listed(NAMESPACE, [namespace("a", 3)], 24)
    assert not held.left_out


def test_a_deletion_of_what_was_not_known_is_nothing() -> None:
    held = cache()
    held.changed(NAMESPACE, namespace("x", 13), deleted=True)
    assert told(held, {N: 10}) == []


def test_a_deletion_has_the_object_as_it_was_known() -> None:
    held = cache()
    known = held.get(Ref("", "Namespace", "", "a"))
    assert known is not None
    last = Read(replace(known, metadata=replace(known.metadata, labels={"a": "b"}, resource_version="13")))
    held.changed(NAMESPACE, last, deleted=True)
    _, (event,) = held.after(held.start({N: 10}), {N: 10}, most=5)
    assert ref_of(event.resource).name == "a"
    assert event.revision == 13
