"""A mesh with a client and a workload whose programs are the tests' own, and relays in the ways between them."""

import itertools
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "mesh")]

from faultkit.place import before_program, between_proxies  # noqa: E402 - found by the path above
from faultkit.ports import HTTP1, NOBODY, ONE_ANSWER, OPAQUE, OPAQUE_BULK, PORTS  # noqa: E402
from faultkit.relay import Relay  # noqa: E402
from meshkit.marks import mark  # noqa: E402
from meshkit.mesh import Mesh  # noqa: E402
from meshkit.start import a_mesh  # noqa: E402
from meshkit.workload import Workload  # noqa: E402

_NUMBERS = itertools.count()
TEST_TIMEOUT_S = 600 if os.environ.get("HAUBERK_TEST_FAULTS") == "long" else 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark(items, HERE, TEST_TIMEOUT_S)


@pytest.fixture(scope="session")
def mesh() -> Iterator[Mesh]:
    with a_mesh({}) as mesh:
        yield mesh


@pytest.fixture(scope="session")
def client(mesh: Mesh) -> Workload:
    return mesh.run("client", ["sleep", "infinity"]).ready()


@pytest.fixture(scope="session")
def server(mesh: Mesh, client: Workload) -> Workload:
    """Where the tests' programs listen."""
    del client  # one after the other starts faster on few cores
    ports = [str(port) for port in PORTS]
    return mesh.run("server", ["sleep", "infinity"], "--no-ready-check", "--annotation", OPAQUE, ports=ports).ready()


@pytest.fixture(scope="module")
def fresh(mesh: Mesh) -> Iterator[tuple[Workload, Workload]]:
    """A client and a server whose proxies hold nothing of earlier tests, where bytes or descriptors are counted."""
    name = f"fresh-{next(_NUMBERS)}"
    client = mesh.run(f"{name}-client", ["sleep", "infinity"]).ready()
    ports = [str(HTTP1), str(OPAQUE_BULK)]
    server = mesh.run(name, ["sleep", "infinity"], "--no-ready-check", "--annotation", OPAQUE, ports=ports).ready()
    yield client, server
    for workload in (client, server):
        workload.process.terminate()


@pytest.fixture(scope="session")
def path(client: Workload, server: Workload) -> Iterator[Relay]:
    """Between the two proxies."""
    with between_proxies(client, server) as relay:
        yield relay


@pytest.fixture(params=["path", "loopback"])
def relay(request: pytest.FixtureRequest, path: Relay, loopback: Relay) -> Relay:
    """Between the proxies, where the bytes are TLS; between proxy and program, where they are the program's own."""
    return {"path": path, "loopback": loopback}[request.param]


@pytest.fixture(scope="session")
def loopback(server: Workload) -> Iterator[Relay]:
    """Between the server's proxy and its programs.

    But for those whose answer and end have to come in one segment: a relay would send one after the other.
    """
    with before_program(server, *(port for port in PORTS if port not in (NOBODY, ONE_ANSWER))) as relay:
        yield relay
