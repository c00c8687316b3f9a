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


def listed(name: str, ip: str, **fields: object) -> dict[str, object]:
    return {"addresses": [ip], "targetRef": {"kind": "Pod", "name": name}, **fields}


def slice_of(*endpoints: dict[str, object], name: str = "web-1", **fields: object) -> Resource:
    return load(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "web"}},
            "ports": [{"name": "http", "port": 8080}],
            "endpoints": list(endpoints),
            **fields,
        }
    )


def with_spec(world: World, **spec: object) -> None:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    fields = {"clusterIP": "10.78.0.1", "ports": ports, **spec}
    world.put(load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": fields}))


GOING = {"ready": False, "serving": True, "terminating": True}


def test_who_goes_away_answers_only_where_nobody_else_does(world: World) -> None:
    world.put(slice_of(listed("web-1", "10.77.0.1"), listed("web-2", "10.77.0.2", conditions=GOING)))
    assert ips(resolved(world)) == ["10.77.0.1"]
    world.put(slice_of(listed("web-2", "10.77.0.2", conditions=GOING)))
    assert ips(resolved(world)) == ["10.77.0.2"]
    world.put(slice_of(listed("web-2", "10.77.0.2", conditions={**GOING, "serving": False})))
    assert ips(resolved(world)) == []


@pytest.mark.parametrize("conditions", [{"ready": False}, {"ready": False, "serving": True}])
def test_who_is_not_ready_and_stays_is_no_endpoint(world: World, conditions: dict[str, bool]) -> None:
    world.put(slice_of(listed("web-1", "10.77.0.1", conditions=conditions)))
    assert ips(resolved(world)) == []


def test_a_service_may_want_its_endpoints_ready_or_not(world: World) -> None:
    """Kubernetes then says that all are, also those that are to go."""
    going = {"name": "web-1", "deletionTimestamp": "2026-01-01T00:00:00Z"}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": going, "spec": {"containers": []}}))
    with_spec(world, publishNotReadyAddresses=True)
    assert ips(resolved(world)) == ["10.77.0.1", "10.77.0.2"]


def test_an_address_in_two_slices_counts_once_and_is_ready_if_one_says_so(world: World) -> None:
    world.put(slice_of(listed("web-1", "10.77.0.1", conditions=GOING), name="web-0"))
    assert ips(resolved(world)) == ["10.77.0.1", "10.77.0.2"]
    answer = resolve(world.mesh, world.snapshot, Question(ServiceName("web", "default"), 80))
    assert isinstance(answer, Candidates)
    assert [candidate.ready for candidate in answer.all] == [True, True]


def test_of_several_addresses_that_are_one_as_good_as_the_other_the_first_is_used(world: World) -> None:
    world.put(slice_of({**listed("web-1", "10.77.0.1"), "addresses": ["10.77.0.1", "10.77.0.9"]}))
    assert ips(resolved(world)) == ["10.77.0.1"]


def test_the_family_is_that_of_the_services_primary_address(world: World) -> None:
    six = slice_of(listed("web-1", "2001:db8::1"), name="web-6", addressType="IPv6")
    world.put(six)
    assert ips(resolved(world)) == ["10.77.0.1", "10.77.0.2"]
    with_spec(world, clusterIP="2001:db8::100", clusterIPs=["2001:db8::100", "10.78.0.1"])
    assert ips(resolved(world)) == ["2001:db8::1"]
    with_spec(world, clusterIP="None", ipFamilies=["IPv6", "IPv4"])
    assert ips(resolved(world)) == ["2001:db8::1"]


def test_names_are_no_addresses(world: World) -> None:
    names = slice_of({"addresses": ["example.com"]}, name="web-names", addressType="FQDN")
    nonsense = slice_of({"addresses": ["example.com"]}, {"addresses": []}, name="web-nonsense")
    world.put(names, nonsense)
    assert ips(resolved(world)) == ["10.77.0.1", "10.77.0.2"]


@pytest.mark.parametrize(("target", "number"), [(9090, 9090), ("http", 80), (None, 80)])
def test_a_slice_for_every_port_has_the_one_that_the_service_leads_to(
    world: World, target: int | str | None, number: int
) -> None:
    with_spec(world, ports=[{"name": "http", "port": 80, "targetPort": target}])
    world.put(slice_of(listed("web-1", "10.77.0.1"), ports=[{"name": "http"}]))
    assert list(resolved(world).by_address) == [("10.77.0.1", number)]


def test_a_pod_that_has_the_name_of_another_is_not_that_one(world: World) -> None:
    target = {"kind": "Pod", "name": "web-1", "uid": "before"}
    pod_now = {"name": "web-1", "uid": "now", "labels": {}}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": pod_now, "spec": {"containers": []}}))
    world.put(slice_of({"addresses": ["10.77.0.1"], "targetRef": target}))
    assert ips(resolved(world)) == []


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_no_endpoint(world: World, phase: str) -> None:
    world.put(pod("web-1", "10.77.0.1", phase=phase))
    assert ips(resolved(world)) == ["10.77.0.2"]


def test_traffic_may_have_to_stay_on_the_node(world: World) -> None:
    with_spec(world, internalTrafficPolicy="Local")
    world.put(slice_of(listed("web-1", "10.77.0.1", nodeName="n1"), listed("web-2", "10.77.0.2", nodeName="n2")))
    assert ips(resolved(world, place=Place("n2"))) == ["10.77.0.2"]
    assert ips(resolved(world, place=Place("n3"))) == []


def test_hints_and_zones_are_those_of_the_slice(world: World) -> None:
    for_zone = {"zone": "z1", "hints": {"forZones": [{"name": "z1"}]}}
    elsewhere = {"zone": "z2", "hints": {"forZones": [{"name": "z2"}], "forNodes": [{"name": "n"}]}}
    world.put(slice_of(listed("web-1", "10.77.0.1", **for_zone), listed("web-2", "10.77.0.2", **elsewhere)))
    found = resolved(world, place=Place("n", "z1")).by_address
    assert list(found) == [("10.77.0.1", 8080)]
    assert dict(found["10.77.0.1", 8080].labels)["zone_locality"] == "local"


def test_labels_of_a_pod_choose_none_of_its_other_labels_for_metrics(world: World) -> None:
    hostile = {"linkerd.io/proxy-pod": "another", "linkerd.io/proxy-namespace": "another"}
    owner = {"apiVersion": "x/v1", "kind": "ServiceAccount", "name": "another", "controller": True}
    metadata = {"name": "web-1", "labels": hostile, "ownerReferences": [owner]}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"serviceAccountName": "web"}}))
    labels = dict(resolved(world).by_address["10.77.0.1", 8080].labels)
    assert labels == {"pod": "web-1", "serviceaccount": "web"}
