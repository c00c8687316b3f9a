"""What `hauberk check` says of a mesh that runs, and of pods in it that do not."""

import json
from typing import Any

import pytest
from podkit import objects
from podkit.checking import TIMEOUT_S, Checks, check, wrong
from podkit.kubectl import Kubectl, until
from podkit.mesh import Namespace

PROXIES_READY = "all proxies are ready"

pytestmark = pytest.mark.usefixtures("gateway_definitions")


@pytest.fixture(scope="module")
def home(namespace: Namespace) -> str:
    return namespace()


def create(kubectl: Kubectl, namespace: str, pod: dict[str, Any]) -> None:
    kubectl("create", "--filename", "-", given=json.dumps(objects.placed([pod], namespace)[0]))


def test_all_is_well_with_a_program_once_it_runs(kubectl: Kubectl, home: str) -> None:
    create(kubectl, home, objects.pod("web", objects.spec(objects.server())))
    code, checks = check(kubectl, "--namespace", home, "--wait", "2m")
    assert (code, wrong(checks)) == (0, {})
    assert {
        "programs are in the mesh",
        PROXIES_READY,
        "proxies answer",
        "proxies' certificates are valid",
        "all proxies know the trust roots of now",
        "the issuer's certificate is signed by a trust root",
        "the API server can believe the webhook of linkerd-proxy-injector",
    } <= set(checks)


def test_a_proxy_that_cannot_start_is_told_with_the_reason(kubectl: Kubectl, namespace: Namespace) -> None:
    there = namespace()
    annotations = {"config.linkerd.io/proxy-image": "example.invalid/none", "config.linkerd.io/no-such": "1"}
    create(kubectl, there, objects.pod("broken", objects.spec(objects.shell()), annotations))

    def told() -> Checks | None:
        code, checks = check(kubectl, "--namespace", there, "--wait", "0")
        assert code == 1
        return checks if "linkerd-proxy waits: " in checks[PROXIES_READY].get("error", "") else None

    checks = until("kubelet to say why", told, timeout_s=TIMEOUT_S)
    assert checks[PROXIES_READY]["result"] == "error"
    assert f"{there}/broken: linkerd-proxy waits: " in checks[PROXIES_READY]["error"]
    assert f"kubectl -n {there} logs broken -c linkerd-proxy" in checks[PROXIES_READY]["hint"]
    words = checks["labels and annotations of the mesh are where they mean something"]
    assert words["result"] == "warning"
    assert "nobody knows the annotation config.linkerd.io/no-such" in words["error"]


def test_before_an_installation_the_one_that_is_there_is_in_the_way(kubectl: Kubectl, mesh: str) -> None:
    code, checks = check(kubectl, "--pre", "--wait", "0")
    assert code == 1
    assert set(wrong(checks)) == {"no mesh is in the way"}
    assert f"a mesh is installed already in the namespace {mesh}" in checks["no mesh is in the way"]["error"]
