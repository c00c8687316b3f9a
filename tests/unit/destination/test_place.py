"""Where a client runs."""

import pytest
from resources import load
from world import World

from hauberk.catalog.caller import Workload
from hauberk.destination.choose import NOWHERE, Place
from hauberk.destination.place import place_of


@pytest.fixture
def world() -> World:
    world = World()
    zone = {"topology.kubernetes.io/zone": "z1", "kubernetes.io/hostname": "n1"}
    world.put(load({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": zone}}))
    world.put(load({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n2"}}))
    spec = {"nodeName": "n1", "containers": []}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web-1"}, "spec": spec}))
    return world


@pytest.mark.parametrize(
    ("workload", "place"),
    [
        (None, NOWHERE),
        (Workload("default", "web-1", "n2"), Place("n2", "")),
        (Workload("default", "web-1", "n1"), Place("n1", "z1")),
        (Workload("default", "web-1"), Place("n1", "z1")),
        (Workload("default", "gone"), NOWHERE),
        (Workload("default", "gone", "gone"), Place("gone", "")),
    ],
)
def test_a_client_is_on_the_node_that_it_names_or_its_pod_is_on(
    world: World, workload: Workload | None, place: Place
) -> None:
    assert place_of(world.snapshot, workload) == place
