"""The mesh that most of these tests share, a client and a server in it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from meshkit.marks import mark  # noqa: E402 - found by the path above
from meshkit.mesh import Mesh  # noqa: E402
from meshkit.start import a_mesh, run_server  # noqa: E402
from meshkit.workload import Workload  # noqa: E402

TEST_TIMEOUT_S = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark(items, HERE, TEST_TIMEOUT_S)


@pytest.fixture(scope="session")
def mesh() -> Iterator[Mesh]:
    """A mesh with the settings that a person gets."""
    with a_mesh({}) as mesh:
        yield mesh


@pytest.fixture(scope="session")
def client(mesh: Mesh) -> Workload:
    """A program that does nothing, beside which tests do what clients do."""
    return mesh.run("client", ["sleep", "infinity"]).ready()


@pytest.fixture(scope="session")
def server(mesh: Mesh) -> Workload:
    """The server of all protocols; tests wait for it by `ready`."""
    return run_server(mesh, "server")
