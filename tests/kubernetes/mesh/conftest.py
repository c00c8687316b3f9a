"""A mesh on the test cluster, which most of these tests share, and namespaces of their own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

from podkit import gateway_api  # noqa: E402
from podkit.installed import cluster, installed, namespaces  # noqa: E402
from podkit.kubectl import Kubectl  # noqa: E402
from podkit.mesh import Namespace  # noqa: E402


@pytest.fixture(scope="session")
def kubectl() -> Kubectl:
    found = cluster()
    if found is None:
        pytest.skip("no test cluster is up: make cluster")
    return found


@pytest.fixture(scope="session")
def mesh(kubectl: Kubectl) -> str:
    """Returns the namespace of the control plane, which is ready."""
    return installed(kubectl)


@pytest.fixture(scope="session")
def gateway_definitions(kubectl: Kubectl) -> None:
    """The Gateway API's definitions, which the cluster does not come with."""
    gateway_api.define(kubectl)


@pytest.fixture(scope="module")
def namespace(kubectl: Kubectl, mesh: str, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    del mesh
    prefix = Path(request.node.name).stem.removeprefix("test_").replace("_", "-")
    with namespaces(kubectl, prefix) as make:
        yield make
