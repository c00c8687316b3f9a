"""Which Pods have a proxy of the mesh."""

from dataclasses import replace
from typing import Any

import pytest
from resources import load, pod
from world import World

from hauberk.catalog.mesh import Mesh
from hauberk.catalog.proxied import proxied
from hauberk.model.pod import Pod

IDENTITY = "web.default.serviceaccount.identity.hauberk.cluster.local"
LABEL = {"linkerd.io/control-plane-ns": "hauberk"}
PROXY = {"name": "linkerd-proxy"}
SIDECAR = {**PROXY, "restartPolicy": "Always"}
PROGRAM = {"name": "program"}


def identity_at(mesh: Mesh, of: Pod, port: int) -> str | None:
    found = proxied(mesh, of, port)
    return found.identity if found is not None else None


def transport_port(of: Pod, port: int) -> int | None:
    found = proxied(World().mesh, of, port)
    assert found is not None
    return found.transport_port


def made(
    labels: dict[str, str], containers: list[dict[str, Any]], init: list[dict[str, Any]], namespace: str = "default"
) -> Pod:
    spec = {"serviceAccountName": "web", "containers": containers, "initContainers": init}
    metadata = {"name": "web-1", "namespace": namespace, "labels": labels}
    found = load({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    assert isinstance(found, Pod)
    return found


@pytest.mark.parametrize(
    ("labels", "containers", "init", "meshed"),
    [
        (LABEL, [PROGRAM, PROXY], [], True),
        (LABEL, [PROGRAM], [SIDECAR], True),
        (LABEL, [PROGRAM], [PROXY], False),
        (LABEL, [PROGRAM], [], False),
        ({}, [PROGRAM, PROXY], [], False),
        ({"linkerd.io/control-plane-ns": "linkerd"}, [PROGRAM], [SIDECAR], False),
    ],
    ids=["beside", "native", "over when the program starts", "label alone", "proxy alone", "another mesh"],
)
def test_a_proxy_is_there_by_its_label_and_its_container(
    labels: dict[str, str], containers: list[dict[str, Any]], init: list[dict[str, Any]], meshed: bool
) -> None:
    world = World()
    assert identity_at(world.mesh, made(labels, containers, init), 80) == (IDENTITY if meshed else None)


def test_the_proxy_of_a_fellow_has_an_identity_of_that_mesh() -> None:
    of = made({"linkerd.io/control-plane-ns": "linkerd"}, [PROGRAM], [SIDECAR])
    mesh = replace(World().mesh, fellows=("linkerd",))
    assert identity_at(mesh, of, 80) == "web.default.serviceaccount.identity.linkerd.cluster.local"
    assert identity_at(mesh, made(LABEL, [PROGRAM], [SIDECAR]), 80) == IDENTITY
    stranger = made({"linkerd.io/control-plane-ns": "other"}, [PROGRAM], [SIDECAR])
    assert identity_at(mesh, stranger, 80) is None


def test_the_control_planes_own_proxies_stand_before_one_port_only() -> None:
    world = World()
    component = {**LABEL, "linkerd.io/control-plane-component": "destination"}
    assert identity_at(world.mesh, made(component, [PROGRAM, PROXY], [], "hauberk"), 9990) is None
    # Nobody else gets around policy by calling itself so.
    assert identity_at(world.mesh, made(component, [PROGRAM, PROXY], []), 9990) == IDENTITY


def test_ports_that_go_around_the_proxy_are_nobodys() -> None:
    world = World()
    skipping = pod("a", "10.77.0.1", annotations={"config.linkerd.io/skip-inbound-ports": "25,8000-8010"})
    assert identity_at(world.mesh, skipping, 8005) is None
    assert identity_at(world.mesh, skipping, 8011) is not None


def test_the_proxys_ports_are_those_that_it_declares() -> None:
    ports = [{"name": "linkerd-proxy", "containerPort": 5143}, {"name": "linkerd-admin", "containerPort": 5191}]
    moved = made(LABEL, [PROGRAM], [{**SIDECAR, "ports": ports}])
    assert [transport_port(moved, port) for port in (80, 5191, 4191, 5143)] == [5143, None, None, 5143]
    assert transport_port(made(LABEL, [PROGRAM, PROXY], []), 80) == 4143


@pytest.mark.parametrize("account", ["a" * 64, ".".join(["a" * 60] * 4), "A"])
def test_an_identity_that_no_certificate_can_carry_is_nobodys(account: str) -> None:
    world = World()
    assert identity_at(world.mesh, pod("a", "10.77.0.1", service_account=account), 80) is None
