import pytest
from resources import endpoint_slice, load, pod, service
from world import World

from hauberk.catalog.kinds import Resource
from hauberk.catalog.names import ServiceName
from hauberk.catalog.refusal import Refusal
from hauberk.destination.answer import Candidates, Endpoints
from hauberk.destination.choose import NOWHERE, Place, seen_from
from hauberk.destination.resolve import Question, resolve

PODS = {"web-1": "10.77.0.1", "web-2": "10.77.0.2"}


@pytest.fixture
def world() -> World:
    world = World()
    world.put(service("web", "10.78.0.1", {"http": 80, "admin": 81}))
    world.put(*(pod(name, ip, service_account="web") for name, ip in PODS.items()))
    world.put(endpoint_slice("web", {"http": 8080}, PODS))
    return world


def resolved(world: World, *, instance: str = "", port: int = 80, place: Place = NOWHERE) -> Endpoints:
    answer = resolve(world.mesh, world.snapshot, Question(ServiceName("web", "default", instance), port))
    assert isinstance(answer, Candidates)
    return seen_from(answer, place)


def ips(answer: Endpoints) -> list[str]:
    return [ip for ip, _ in answer.by_address]


def test_an_instance_is_that_one_alone(world: World) -> None:
    assert ips(resolved(world, instance="web-2")) == ["10.77.0.2"]


def test_a_port_that_the_service_does_not_declare_has_no_endpoints(world: World) -> None:
    answer = resolved(world, port=9999)
    assert answer.exists
    assert not answer.by_address


def test_a_port_that_the_slice_does_not_list_has_no_endpoints(world: World) -> None:
    assert not resolved(world, port=81).by_address


def test_an_external_name_has_no_endpoints_to_ask_for() -> None:
    world = World()
    world.put(
        load(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": "web"},
                "spec": {"type": "ExternalName", "externalName": "example.com", "ports": [{"port": 80}]},
            }
        )
    )
    answer = resolve(world.mesh, world.snapshot, Question(ServiceName("web", "default"), 80))
    assert isinstance(answer, Refusal)
    assert answer.reason == "invalid-argument"


def test_an_address_without_a_pod_is_reached_in_plain_text(world: World) -> None:
    world.put(external({"addresses": ["192.0.2.1"]}))
    found = resolved(world).by_address[("192.0.2.1", 8080)]
    assert found.identity is None
    assert not found.opaque


def test_a_pod_that_is_going_away_is_no_endpoint(world: World) -> None:
    going = {"name": "web-1", "labels": {}, "deletionTimestamp": "2026-01-01T00:00:00Z"}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": going, "spec": {"containers": []}}))
    assert ips(resolved(world)) == ["10.77.0.2"]


def test_an_endpoint_of_both_families_counts_once_as_ipv4(world: World) -> None:
    world.put(external({"addresses": ["2001:db8::1"]}, family="IPv6"))
    assert ips(resolved(world)) == ["10.77.0.1", "10.77.0.2"]
    world.delete("EndpointSlice", "default", "web-1")
    assert ips(resolved(world)) == ["2001:db8::1"]


@pytest.mark.parametrize(
    ("owner", "label"),
    [
        ({"kind": "ReplicaSet", "name": "web-5d4f", "controller": True}, ("deployment", "web")),
        ({"kind": "ReplicaSet", "name": "lonely", "controller": True}, ("replicaset", "lonely")),
        ({"kind": "Job", "name": "once", "controller": True}, ("k8s_job", "once")),
        ({"kind": "StatefulSet", "name": "db", "controller": True}, ("statefulset", "db")),
    ],
)
def test_the_owner_of_a_pod_labels_its_metrics(owner: dict[str, object], label: tuple[str, str]) -> None:
    world = World()
    metadata = {
        "name": "web-1",
        "labels": {"pod-template-hash": "5d4f"},
        "ownerReferences": [{"apiVersion": "apps/v1", "uid": "1", **owner}],
    }
    world.put(service("web", "10.78.0.1", {"http": 80}), endpoint_slice("web", {"http": 8080}, {"web-1": "10.77.0.1"}))
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}}))
    labels = resolved(world).by_address[("10.77.0.1", 8080)].labels
    assert label in labels
    assert ("pod_template_hash", "5d4f") in labels


def test_a_port_that_goes_around_the_proxy_is_in_plain_text(world: World) -> None:
    skipping = {"config.linkerd.io/skip-inbound-ports": "8000-8100"}
    world.put(pod("web-1", "10.77.0.1", service_account="web", annotations=skipping))
    found = resolved(world).by_address
    assert found[("10.77.0.1", 8080)].identity is None
    assert found[("10.77.0.2", 8080)].identity == "web.default.serviceaccount.identity.hauberk.cluster.local"


def test_a_pod_of_another_mesh_is_in_plain_text(world: World) -> None:
    foreign = {"linkerd.io/control-plane-ns": "elsewhere"}
    world.put(pod("web-1", "10.77.0.1", service_account="web", labels=foreign))
    assert resolved(world).by_address[("10.77.0.1", 8080)].identity is None


def external(endpoint: dict[str, object], *, family: str = "IPv4") -> Resource:
    return load(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "web-external", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": family,
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": [endpoint],
        }
    )
