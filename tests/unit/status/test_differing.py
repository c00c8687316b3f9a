"""Which resources have another status than they should."""

from datetime import UTC, datetime

from hypothesis import given
from operations import histories, populated
from resources import load, service
from world import World

from hauberk.catalog.join import Join
from hauberk.catalog.kinds import REPORTED, Resource, name_of
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.snapshot import Version
from hauberk.model.httproute import HTTPRoute
from hauberk.status.report import Report, Reported, with_status

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MESH = Mesh()


def route(name: str = "r", backend: str = "web") -> HTTPRoute:
    spec = {
        "parentRefs": [{"group": "", "kind": "Service", "name": "web"}],
        "rules": [{"backendRefs": [{"name": backend, "port": 80}]}],
    }
    api = "gateway.networking.k8s.io/v1"
    made = load({"apiVersion": api, "kind": "HTTPRoute", "metadata": {"name": name}, "spec": spec})
    assert isinstance(made, HTTPRoute)
    return made


def names(differing: tuple[Reported, ...]) -> list[str]:
    return sorted(resource.metadata.name for resource in differing)


@given(histories)
def test_what_is_reported_is_what_differs(history: list[tuple[str, Resource]]) -> None:
    join, report = Join(), Report(MESH)
    for verb, resource in populated() + history:
        (join.put if verb == "put" else join.delete)(resource)
        snapshot = join.at(Version("store", 1))
        found = report.differing(snapshot, NOW)
        wanted = [of for of in snapshot.reported() if with_status(MESH, snapshot, of, NOW) is not of]
        assert {name_of(of) for of in found} == {name_of(of) for of in wanted}
        assert all(isinstance(of, REPORTED) and of.status is not None for of in found)
        # Half of them are written before the next change.
        for of in found[::2]:
            join.put(of)


def test_what_differs_is_named_until_it_is_written() -> None:
    world, report = World(), Report(MESH)
    world.put(service("web", "10.78.0.1", {"http": 80}), route())
    for _ in range(2):
        (differing,) = report.differing(world.snapshot, NOW)
    world.put(differing)
    assert report.differing(world.snapshot, NOW) == ()
    world.delete("Service", "default", "web")
    assert names(report.differing(world.snapshot, NOW)) == ["r"]
    world.delete("HTTPRoute", "default", "r")
    assert report.differing(world.snapshot, NOW) == ()


def test_only_what_a_change_concerns_is_looked_at_again() -> None:
    world, report = World(), Report(MESH)
    world.put(service("web", "10.78.0.1", {"http": 80}), route("one"), route("two", backend="other"))
    for of in report.differing(world.snapshot, NOW):
        world.put(of)
    assert report.differing(world.snapshot, NOW) == ()
    world.put(service("other", "10.78.0.2", {"http": 80}))
    assert names(report.differing(world.snapshot, NOW)) == ["two"]
    readers = report._readers
    world.delete("HTTPRoute", "default", "two")
    world.delete("HTTPRoute", "default", "one")
    assert report.differing(world.snapshot, NOW) == ()
    assert not readers
