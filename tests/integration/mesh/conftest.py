"""The meshes of these tests: one that most of them share, others for those that break the control plane."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from meshkit.mesh import Mesh  # noqa: E402 - found by the path above
from meshkit.slot import claim  # noqa: E402
from meshkit.workload import Workload  # noqa: E402

SERVER = HERE / "programs" / "server.py"
BUILT = HERE.parents[2] / "proxy" / "target" / "debug" / "hauberk-proxy"
TEST_TIMEOUT_S = 90
OPAQUE = "config.linkerd.io/opaque-ports=9001,9002"

MeshMaker = Callable[[Mapping[str, str]], Mesh]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.root)
            item.add_marker(pytest.mark.timeout(TEST_TIMEOUT_S))
            item.add_marker(pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it makes network namespaces"))


@contextmanager
def a_mesh(settings: Mapping[str, str]) -> Iterator[Mesh]:
    os.environ.setdefault("HAUBERK_PROXY_BINARY", str(BUILT))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    slot = claim(int(worker) * 10)
    root = Path(tempfile.mkdtemp(prefix="hb-"))
    # Proxies, which are not root, pass through to their own files.
    root.chmod(0o711)
    try:
        with Mesh(slot, root, settings) as mesh:
            yield mesh
    finally:
        shutil.rmtree(root)
        slot.close()


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
    """The server of all protocols."""
    return run_server(mesh, "server")


def run_server(mesh: Mesh, name: str, *options: str, replica: str = "") -> Workload:
    ports = ["80:8080", "9001", "9002", "9003", "9004", "50051"]
    options = ("--env", f"REPLICA={replica or name}", "--annotation", OPAQUE, *options)
    return mesh.run(name, [sys.executable, str(SERVER)], *options, ports=ports)
