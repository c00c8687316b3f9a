"""The demo's objects fit together, and what a cluster and the mesh ask of them."""

from typing import Any

import pytest
from pod_security import violations

from hauberk.demo import cast, files, objects
from hauberk.demo.objects import whole
from hauberk.demo.staging import by_default
from hauberk.model.kinds import by_kind
from hauberk.model.parse import parse_manifest
from hauberk.model.warnings import warnings

STAGING = by_default("shop", "mesh")
WHOLE = whole(STAGING)
ROLES = (*cast.BACKENDS, *cast.WEB, *cast.CLIENTS, cast.NEW_WEB)


def named(kind: str, documents: list[dict[str, Any]] = WHOLE) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    found = named("Deployment", objects.programs(ROLES, STAGING))
    return {name: deployment["spec"]["template"] for name, deployment in found.items()}


@pytest.mark.parametrize("name", cast.keys(ROLES))
def test_pods_satisfy_pod_security_restricted(name: str) -> None:
    assert violations(pods()[name]["spec"]) == []


def test_all_is_in_one_namespace_which_comes_first_and_asks_for_proxies() -> None:
    first, *others = WHOLE
    assert (first["kind"], first["metadata"]["name"]) == ("Namespace", "shop")
    assert first["metadata"]["annotations"] == {"linkerd.io/inject": "enabled"}
    assert {each["metadata"]["namespace"] for each in others} == {"shop"}


def test_every_program_has_its_account_its_files_and_an_image_with_a_version() -> None:
    programs = named("ConfigMap")[objects.PROGRAMS]["data"]
    for template in pods().values():
        spec = template["spec"]
        (container,) = spec["containers"]
        assert spec["serviceAccountName"] in named("ServiceAccount")
        used = [word.removeprefix("/programs/") for word in container["command"] if word.startswith("/programs/")]
        assert set(used) <= programs.keys()
        assert not any("{" in word for word in container["command"])
        assert container["image"].rpartition(":")[2][0].isdigit()


def test_other_images_are_those_of_the_programs_that_need_them() -> None:
    replaced = STAGING.replacing({"redis": "registry.example/redis:1"})
    found = named("Deployment", objects.programs(ROLES, replaced))
    images = {name: each["spec"]["template"]["spec"]["containers"][0]["image"] for name, each in found.items()}
    assert images.pop("cache-1") == "registry.example/redis:1"
    assert images.pop("assets-1") == cast.NGINX
    assert set(images.values()) == {STAGING.images[cast.PYTHON]}


def test_every_service_leads_to_a_port_of_somebody() -> None:
    services = named("Service")
    assert {*services} == {*{role.service for role in ROLES if role.ports}, "web-stable"}
    for service in services.values():
        selector, (port,) = service["spec"]["selector"].items(), service["spec"]["ports"]
        chosen = [pod for pod in pods().values() if selector <= pod["metadata"]["labels"].items()]
        assert chosen
        for pod in chosen:
            assert pod["spec"]["containers"][0]["ports"][0]["containerPort"] == port["targetPort"]


def test_the_route_leads_past_the_broken_replica_alone() -> None:
    (stable,) = [each for each in objects.route(STAGING) if each["kind"] == "Service"]
    wanted = stable["spec"]["selector"].items()
    by_route = {name for name, pod in pods().items() if wanted <= pod["metadata"]["labels"].items()}
    assert by_route == {role.key for role in (*cast.WEB, cast.NEW_WEB)} - {cast.BROKEN}


def test_the_mesh_takes_the_manifests_without_a_warning() -> None:
    read = [each for each in WHOLE if by_kind(each["apiVersion"].rpartition("/")[0], each["kind"])]
    assert {each["kind"] for each in read} >= {"Server", "AuthorizationPolicy", "MeshTLSAuthentication", "HTTPRoute"}
    parsed = [parse_manifest(each, source="it") for each in read if each["kind"] != "Namespace"]
    assert [text for resource in parsed for text in warnings(resource)] == []


def test_nobody_is_refused_before_somebody_is_allowed() -> None:
    """Applied in this order, by kubectl as well: a Server alone would refuse the load."""
    for kinds in ([each["kind"] for each in WHOLE], [each["kind"] for each in files.manifest("access")]):
        assert kinds.index("Server") > kinds.index("AuthorizationPolicy") > kinds.index("MeshTLSAuthentication")
