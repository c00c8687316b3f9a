from hypothesis import given
from hypothesis import strategies as st
from operations import histories, pods, resources
from resources import load, pod, service

from hauberk.catalog.index import Key
from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource, name_of
from hauberk.catalog.snapshot import Snapshot, Version


def apply(join: Join, history: list[tuple[str, Resource]]) -> dict[object, Resource]:
    """Replays a history, and says what is there in the end."""
    live: dict[object, Resource] = {}
    for verb, resource in history:
        if verb == "put":
            join.put(resource)
            live[name_of(resource)] = resource
        else:
            join.delete(resource)
            live.pop(name_of(resource), None)
    return live


def contents(join: Join) -> dict[Key, tuple[Resource, ...]]:
    return join._index.items()


def at(join: Join, revision: int = 1) -> Snapshot:
    return join.at(Version("store", revision))


@given(histories)
def test_a_catalog_kept_is_the_catalog_built_anew(history: list[tuple[str, Resource]]) -> None:
    kept, anew = Join(), Join()
    live = apply(kept, history)
    for resource in sorted(live.values(), key=lambda r: str(name_of(r))):
        anew.put(resource)
    assert contents(kept) == contents(anew)


@given(histories, st.lists(pods()))
def test_a_reset_leaves_exactly_what_was_listed(history: list[tuple[str, Resource]], listed: list[Resource]) -> None:
    reset, anew = Join(), Join()
    live = apply(reset, history)
    reset.reset("", "Pod", listed)
    for resource in [r for r in live.values() if type(r).__name__ != "Pod"] + listed:
        anew.put(resource)
    assert contents(reset) == contents(anew)


@given(histories, resources)
def test_the_keys_that_changed_are_exactly_those_that_differ(
    history: list[tuple[str, Resource]], resource: Resource
) -> None:
    join = Join()
    apply(join, history)
    before, old = at(join), contents(join)
    join.put(resource)
    new = contents(join)
    differing = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    assert at(join).changed_since(before) == differing


def test_a_snapshot_stays_as_it_was() -> None:
    join = Join()
    join.put(pod("a", "10.77.0.1"))
    snapshot = at(join)
    join.delete(pod("a", "10.77.0.1"))
    assert snapshot.pod("default", "a") is not None
    assert at(join).pod("default", "a") is None


def test_a_lease_renewed_is_no_change() -> None:
    join = Join()
    first = pod("a", "10.77.0.1")
    join.put(first)
    before = at(join)
    join.put(renewed(first, "17"))
    assert at(join).changed_since(before) == set()


def test_an_address_is_the_running_pods() -> None:
    join = Join()
    join.put(pod("gone", "10.77.0.1", phase="Failed"))
    join.put(pod("new", "10.77.0.1"))
    found = at(join).pod_at("10.77.0.1")
    assert found is not None
    assert found.metadata.name == "new"


def test_a_headless_service_has_no_address() -> None:
    join = Join()
    join.put(service("a", None, {"http": 80}))
    assert at(join).services_at("None") == ()


def test_a_node_is_its_zone_and_nothing_else() -> None:
    join = Join()
    labels = {"topology.kubernetes.io/zone": "z1", "kubernetes.io/hostname": "n1"}
    metadata = {"name": "n1", "labels": labels, "annotations": {"volumes": "many"}}
    join.put(load({"apiVersion": "v1", "kind": "Node", "metadata": metadata}))
    before = at(join)
    found = before.node("n1")
    assert found is not None
    assert found.zone == "z1"
    join.put(load({"apiVersion": "v1", "kind": "Node", "metadata": {**metadata, "annotations": {"volumes": "none"}}}))
    assert at(join).changed_since(before) == set()


def test_a_service_is_found_at_all_its_addresses_however_they_are_written() -> None:
    join = Join()
    spec = {"clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1", "FD00:0::1"], "ports": [{"port": 80}]}
    join.put(load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}))
    assert len(at(join).services_at("10.96.0.1")) == len(at(join).services_at("fd00::1")) == 1


def test_the_status_of_a_route_needs_to_know_which_generation_it_is_of() -> None:
    join = Join()
    parent = {"group": "", "kind": "Service", "name": "web"}
    metadata = {"name": "r", "generation": 7, "resourceVersion": "9"}
    api = "gateway.networking.k8s.io/v1"
    join.put(load({"apiVersion": api, "kind": "HTTPRoute", "metadata": metadata, "spec": {"parentRefs": [parent]}}))
    (only,) = at(join).reported()
    assert (only.metadata.generation, only.metadata.resource_version) == (7, "")


def renewed(resource: Resource, resource_version: str) -> Resource:
    import msgspec

    metadata = msgspec.structs.replace(resource.metadata, resource_version=resource_version)
    return msgspec.structs.replace(resource, metadata=metadata)
