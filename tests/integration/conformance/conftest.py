"""A mesh with two workloads whose sockets are the tests' own, and the ways between them."""

import itertools
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "mesh")]

from conformkit.lanes import LANES  # noqa: E402 - found by the path above
from conformkit.program import PORTS, Program  # noqa: E402
from conformkit.surface import DIRECT, TRANSPORT  # noqa: E402
from conformkit.way import WAYS, Way  # noqa: E402
from conformkit.wire import Wire, sized  # noqa: E402
from meshkit import tls  # noqa: E402
from meshkit.marks import mark  # noqa: E402
from meshkit.mesh import Mesh  # noqa: E402
from meshkit.start import a_mesh  # noqa: E402
from meshkit.tls import identity  # noqa: E402
from meshkit.workload import Workload  # noqa: E402

TEST_TIMEOUT_S = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark(items, HERE, TEST_TIMEOUT_S)


@pytest.fixture(scope="session")
def mesh() -> Iterator[Mesh]:
    with a_mesh({}) as mesh:
        yield mesh


@pytest.fixture(scope="session")
def workload(mesh: Mesh) -> Workload:
    """Where the tests' servers listen."""
    words = [word for port in PORTS for word in ("--port", str(port))]
    return mesh.run("program", ["sleep", "infinity"], "--no-ready-check", *words)


@pytest.fixture(scope="session")
def client(mesh: Mesh, workload: Workload) -> Workload:
    """Where the tests' clients are, when they are in the mesh."""
    client = mesh.run("client", ["sleep", "infinity"]).ready()
    workload.ready()
    return client


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.cycle(PORTS[:-LANES])


@pytest.fixture
def program(workload: Workload, client: Workload, numbers: Iterator[int]) -> Program:
    """On a port that the tests before it did not use, as long as there are any."""
    del client  # both are ready
    return Program(workload, next(numbers))


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, mesh: Mesh, client: Workload, workload: Workload) -> Way:
    """Straight at the program's proxy, and through the client's own."""
    return Way(request.param, mesh, client, workload)


@pytest.fixture(autouse=True)
def unharmed(client: Workload, workload: Workload) -> Iterator[None]:
    """The same proxies stand after each test as before."""
    before = workload.ready().proxy(), client.proxy()
    yield
    assert (workload.proxy(), client.proxy()) == before


@pytest.fixture(params=["direct", "inbound"])
def port(request: pytest.FixtureRequest, program: Program) -> Iterator[int]:
    """`inbound`: the port of a program that speaks no TLS itself."""

    def serve(wire: Wire) -> None:
        # What is no TLS for the proxy is not for it, and arrives here.
        with suppress(AssertionError):
            while wire.request():
                wire.send(sized(b"hello"))

    if request.param == "direct":
        yield DIRECT
        return
    with program.serving(serve):
        yield program.port


@pytest.fixture
def alpn(port: int) -> tuple[str, ...]:
    return (TRANSPORT,) if port == DIRECT else ()


@pytest.fixture
def mine(mesh: Mesh, tmp_path: Path) -> Path:
    return tls.leaf(tls.mesh_issuer(mesh.state), identity("client"), tmp_path / "mine.pem")
