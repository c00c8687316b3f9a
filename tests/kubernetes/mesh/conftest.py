"""A mesh on the test cluster, installed as a person would."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

from podkit import objects  # noqa: E402
from podkit.kubectl import Kubectl, until  # noqa: E402
from podkit.mesh import CONTROL, DEPLOYMENTS, INJECT, INSTALL_TIMEOUT_S, Namespace, hauberk, would_be  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.kubernetes)


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    found = Kubectl(os.environ)
    if not found.program.exists() or found.attempt("version", timeout_s=10).returncode != 0:
        pytest.skip("no test cluster is up: make cluster")
    return found


@pytest.fixture(scope="session")
def mesh(kubectl: Kubectl) -> str:
    """Returns the namespace of the control plane, which is ready."""
    if os.environ.get("HAUBERK_TEST_MESH") == "installed":
        return CONTROL  # somebody works at one test, and keeps what runs
    kubectl("delete", "namespace", CONTROL, "--ignore-not-found", timeout_s=INSTALL_TIMEOUT_S)
    kubectl(
        "apply", "--server-side", "--force-conflicts", "--filename", "-", given=hauberk(kubectl, "install", "--crds")
    )
    kubectl("wait", "--for=condition=Established", "crd", "--all", f"--timeout={INSTALL_TIMEOUT_S:.0f}s")
    kubectl("apply", "--filename", "-", given=hauberk(kubectl, "install", "--ignore-cluster"))
    kubectl.rolled_out(CONTROL, *DEPLOYMENTS, timeout_s=INSTALL_TIMEOUT_S)
    return CONTROL


@pytest.fixture(scope="module")
def namespace(kubectl: Kubectl, mesh: str, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    del mesh
    made: list[str] = []

    def make(annotations: Mapping[str, str] = INJECT) -> str:
        name = f"{Path(request.node.name).stem.removeprefix('test_').replace('_', '-')}-{len(made)}"
        kubectl("delete", "namespace", name, "--ignore-not-found")
        made.append(name)
        programs = {path.name: path.read_text() for path in (HERE / "programs").glob("*.py")}
        kubectl.apply(
            objects.namespace(name, annotations),
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": objects.PROGRAMS, "namespace": name},
                "data": programs,
            },
        )
        # While it does not answer, the API server takes pods as they are: so it is for a moment after a test killed it.
        until("the injector to be asked", lambda: "initContainers" in would_be(kubectl, name) or None)
        return name

    yield make
    for name in made:
        kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")
