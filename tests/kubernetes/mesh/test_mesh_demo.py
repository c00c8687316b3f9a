"""The demo, as a person would start it, without the person."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from podkit.kubectl import Kubectl, until
from podkit.mesh import hauberk

NAMESPACE = "mesh-demo"
_TIMEOUT_S = 300.0
_ROLLED_OUT_S = 90.0


@pytest.fixture(autouse=True)
def nothing_there(kubectl: Kubectl) -> Iterator[None]:
    delete = ("delete", "namespace", NAMESPACE, "--ignore-not-found")
    kubectl(*delete)
    yield
    kubectl(*delete, "--wait=false")


def demo(kubectl: Kubectl, mesh: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hauberk.cli", "demo", "--kubernetes", "--once", "--mesh-namespace", mesh, *words],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        env=kubectl.environ,
        check=False,
    )


def test_the_demo_keeps_its_promises_and_leaves_nothing(kubectl: Kubectl, mesh: str) -> None:
    done = demo(kubectl, mesh, "--namespace", NAMESPACE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "√ nothing is left at the end" in done.stdout
    assert kubectl.attempt("get", "namespace", NAMESPACE).returncode != 0


def test_applied_by_kubectl_it_ends_as_the_story_does(kubectl: Kubectl, mesh: str) -> None:
    words = ("demo", "--kubernetes", "--print", "--namespace", NAMESPACE, "--mesh-namespace", mesh)
    kubectl("apply", "--filename", "-", given=hauberk(kubectl, *words))
    found = kubectl.get("deployments", "--namespace", NAMESPACE)["items"]
    names = [f"deployment/{each['metadata']['name']}" for each in found]
    kubectl.rolled_out(NAMESPACE, *names, timeout_s=_ROLLED_OUT_S)

    def latest(program: str) -> list[str]:
        """What it says when everybody is there."""
        words = ("--namespace", NAMESPACE, f"deployment/{program}-1", "--container", program, "--tail", "5")
        return kubectl("logs", *words).splitlines()

    until("the intruder to be refused", lambda: latest("intruder") == ["403"] * 5 or None)

    def well() -> bool | None:
        lines = latest("load")
        return (len(lines) == 5 and all('"status": 200' in line for line in lines)) or None

    until("the load to be served", well)


def test_a_namespace_that_is_not_the_demos_is_left_alone(kubectl: Kubectl, mesh: str) -> None:
    kubectl("create", "namespace", NAMESPACE)
    done = demo(kubectl, mesh, "--namespace", NAMESPACE)
    assert done.returncode == 1
    assert f"error: the namespace {NAMESPACE} is not the demo's" in done.stderr
    assert kubectl.get("namespace", NAMESPACE)["status"]["phase"] == "Active"
    assert not kubectl.get("serviceaccounts", "--namespace", NAMESPACE, "--field-selector", "metadata.name=web")[
        "items"
    ]


def test_without_a_mesh_it_says_what_to_do(kubectl: Kubectl) -> None:
    done = demo(kubectl, "nobody", "--namespace", NAMESPACE)
    assert done.returncode == 1
    assert "error: Hauberk is not installed in the namespace nobody" in done.stderr
    assert kubectl.attempt("get", "namespace", NAMESPACE).returncode != 0
