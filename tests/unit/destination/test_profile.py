"""What an address or a name is as a whole."""

from typing import Any

import pytest
from resources import load, pod
from world import World

from hauberk.catalog.names import Authority
from hauberk.catalog.refusal import Refusal
from hauberk.destination.answer import Endpoint, Profile
from hauberk.destination.profile import profile

IDENTITY = "web.default.serviceaccount.identity.hauberk.cluster.local"


def endpoint(world: World, host: str, port: int) -> Endpoint:
    answer = profile(world.mesh, world.snapshot, Authority(host, port))
    assert isinstance(answer, Profile)
    assert answer.endpoint is not None
    return answer.endpoint


def kubernetes_pod(world: World, *, meshed: bool = True, spec: dict[str, Any] | None = None, **status: Any) -> None:
    labels = {"linkerd.io/control-plane-ns": "hauberk"} if meshed else {}
    sidecar = {
        "name": "linkerd-proxy",
        "restartPolicy": "Always",
        "ports": [{"name": "linkerd-proxy", "containerPort": 4143}, {"name": "linkerd-admin", "containerPort": 4191}],
    }
    ports = [
        {"name": "http", "containerPort": 8080, "hostPort": 80},
        {"name": "dns", "containerPort": 53, "hostPort": 53, "protocol": "UDP"},
    ]
    fields = {
        "serviceAccountName": "web",
        "containers": [{"name": "web", "ports": ports}],
        "initContainers": [sidecar] if meshed else [],
        **(spec or {}),
    }
    metadata = {"name": "web-1", "labels": labels}
    world.put(load({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": fields, "status": status}))


DUAL = {"podIP": "10.244.1.5", "podIPs": [{"ip": "10.244.1.5"}, {"ip": "fd00::5"}], "hostIP": "10.123.0.11"}


@pytest.mark.parametrize("host", ["10.244.1.5", "fd00::5"])
def test_a_pod_is_found_at_all_its_addresses(host: str) -> None:
    world = World()
    kubernetes_pod(world, **DUAL)
    found = endpoint(world, host, 8080)
    assert (found.ip, found.identity, found.transport_port) == (host, IDENTITY, 4143)
    assert ("namespace", "default") in found.labels


def test_the_proxys_own_port_is_reached_directly() -> None:
    world = World()
    kubernetes_pod(world, **DUAL)
    found = endpoint(world, "10.244.1.5", 4191)
    assert (found.identity, found.transport_port) == (IDENTITY, None)


def test_a_port_of_the_machine_leads_to_the_pods_own_address() -> None:
    world = World()
    kubernetes_pod(world, **DUAL)
    found = endpoint(world, "10.123.0.11", 80)
    assert (found.address, found.identity) == (("10.244.1.5", 8080), IDENTITY)


@pytest.mark.parametrize("port", [8080, 53, 22])
def test_other_ports_of_the_machine_are_nobodys(port: int) -> None:
    world = World()
    kubernetes_pod(world, **DUAL)
    assert endpoint(world, "10.123.0.11", port) == Endpoint("10.123.0.11", port)


def test_pods_on_the_machines_network_are_told_apart_by_port() -> None:
    world = World()
    spec = {"hostNetwork": True, "containers": [{"name": "web", "ports": [{"containerPort": 9100, "hostPort": 9100}]}]}
    kubernetes_pod(world, meshed=False, spec=spec, podIP="10.123.0.11", hostIP="10.123.0.11")
    found = endpoint(world, "10.123.0.11", 9100)
    assert found.address == ("10.123.0.11", 9100)
    assert ("pod", "web-1") in found.labels
    assert found.identity is None
    assert endpoint(world, "10.123.0.11", 10250) == Endpoint("10.123.0.11", 10250)


def test_a_pod_of_a_stateful_set_is_found_by_its_name() -> None:
    world = World()
    kubernetes_pod(world, **DUAL)
    for cluster_ip, families, ip in (("None", ["IPv4"], "10.244.1.5"), ("None", ["IPv6", "IPv4"], "fd00::5")):
        spec = {"clusterIP": cluster_ip, "ipFamilies": families}
        world.put(load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": spec}))
        listed = {"addresses": ["10.244.1.5"], "hostname": "db-0", "targetRef": {"kind": "Pod", "name": "web-1"}}
        labels = {"kubernetes.io/service-name": "db"}
        part = {"kind": "EndpointSlice", "metadata": {"name": "db-1", "labels": labels}, "endpoints": [listed]}
        world.put(load(part))
        assert endpoint(world, "db-0.db.default.svc.cluster.local", 5432).address == (ip, 5432)


def test_an_external_name_is_refused_with_a_reason() -> None:
    world = World()
    spec = {"type": "ExternalName", "externalName": "example.com"}
    world.put(load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "out"}, "spec": spec}))
    answer = profile(world.mesh, world.snapshot, Authority("out.default.svc.cluster.local", 80))
    assert isinstance(answer, Refusal)
    assert answer.reason == "invalid-argument"
    assert "ExternalName" in answer.message


def test_the_youngest_pod_has_an_address() -> None:
    world = World()
    world.put(pod("old", "10.244.1.5", phase="Failed"), pod("new", "10.244.1.5"))
    assert ("pod", "new") in endpoint(world, "10.244.1.5", 80).labels
