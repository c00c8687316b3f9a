"""The demo, as a person would start it, without the person."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from podkit.kubectl import Kubectl, until
from podkit.mesh import attempt, hauberk

_TIMEOUT_S = 300.0
_ROLLED_OUT_S = 90.0


@pytest.fixture
def name(kubectl: Kubectl, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, which is not there."""
    name = f"mesh-demo-{request.node.originalname.removeprefix('test_').replace('_', '-')}"[:50].rstrip("-")
    delete = ("delete", "namespace", name, "--ignore-not-found")
    kubectl(*delete)
    yield name
    kubectl(*delete, "--wait=false")


def line(mesh: str, *words: str) -> list[str]:
    return ["demo", "--kubernetes", "--mesh-namespace", mesh, *words]


def demo(kubectl: Kubectl, mesh: str, *words: str) -> subprocess.CompletedProcess[str]:
    return attempt(kubectl, *line(mesh, "--once", *words), timeout_s=_TIMEOUT_S)


def test_the_demo_keeps_its_promises_and_leaves_nothing(kubectl: Kubectl, mesh: str, name: str) -> None:
    done = demo(kubectl, mesh, "--namespace", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "√ nothing is left at the end" in done.stdout
    assert kubectl.attempt("get", "namespace", name).returncode != 0


def test_who_ends_it_in_the_middle_finds_nothing_left(kubectl: Kubectl, mesh: str, name: str) -> None:
    words = [sys.executable, "-m", "hauberk.cli", *line(mesh, "--once", "--namespace", name)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, text=True, env=kubectl.environ, **pipes) as process:
        assert process.stderr is not None
        until("the programs to begin", lambda: "servers begin" in process.stderr.readline() or None)
        kubectl("get", "namespace", name)
        process.send_signal(signal.SIGINT)
        told, progress = process.communicate(timeout=_TIMEOUT_S)
    assert (process.returncode, told.strip()) == (130, "√ nothing is left at the end: nothing"), progress
    assert kubectl.attempt("get", "namespace", name).returncode != 0


def test_applied_by_kubectl_it_ends_as_the_story_does(kubectl: Kubectl, mesh: str, name: str) -> None:
    words = ("demo", "--kubernetes", "--print", "--namespace", name, "--mesh-namespace", mesh)
    kubectl("apply", "--filename", "-", given=hauberk(kubectl, *words))
    found = kubectl.get("deployments", "--namespace", name)["items"]
    names = [f"deployment/{each['metadata']['name']}" for each in found]
    kubectl.rolled_out(name, *names, timeout_s=_ROLLED_OUT_S)

    def latest(program: str) -> list[str]:
        """What it says when everybody is there."""
        words = ("--namespace", name, f"deployment/{program}-1", "--container", program, "--tail", "5")
        return kubectl("logs", *words).splitlines()

    until("the intruder to be refused", lambda: latest("intruder") == ["403"] * 5 or None)

    def well() -> bool | None:
        lines = latest("load")
        return (len(lines) == 5 and all('"status": 200' in line for line in lines)) or None

    until("the load to be served", well)


def test_a_namespace_that_is_not_the_demos_is_left_alone(kubectl: Kubectl, mesh: str, name: str) -> None:
    kubectl("create", "namespace", name)
    done = demo(kubectl, mesh, "--namespace", name)
    assert done.returncode == 1
    assert f"error: the namespace {name} is not the demo's" in done.stderr
    assert kubectl.get("namespace", name)["status"]["phase"] == "Active"
    assert not kubectl.get("serviceaccounts", "--namespace", name, "--field-selector", "metadata.name=web")["items"]


def test_without_a_mesh_it_says_what_to_do(kubectl: Kubectl, name: str) -> None:
    done = demo(kubectl, "nobody", "--namespace", name)
    assert done.returncode == 1
    assert "error: Hauberk is not installed in the namespace nobody" in done.stderr
    assert kubectl.attempt("get", "namespace", name).returncode != 0
