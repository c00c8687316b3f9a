"""A proxy has few descriptors, or none left: who is too many is turned away, who is there goes on, it does not spin."""

import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from faultkit.http1 import counting, read_head
from faultkit.ledger import Ledger
from faultkit.outcome import ask
from faultkit.ports import HTTP1, OPAQUE_BULK
from faultkit.program import serving
from faultkit.starve import few_descriptors
from faultkit.wrapped import wrapped
from meshkit.mesh import Mesh
from meshkit.spin import do_not_spin
from meshkit.until import until
from meshkit.workload import Workload

LEFT = 5
COMING = 60
TURNED_AWAY_S = 5.0
FILES = 400
PLACES = (FILES - 256) // 4
"""For the connections of one side: each takes two files, there are two sides, and 256 files are for all else."""
MANY = 200
OK = "HTTP/1.1 200 OK"


@pytest.fixture(scope="module")
def ledger(fresh: tuple[Workload, Workload]) -> Iterator[Ledger]:
    ledger = Ledger()
    with serving(fresh[1], HTTP1, counting(ledger)):
        yield ledger


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("side", ["client", "server"])
def test_out_of_descriptors(mesh: Mesh, fresh: tuple[Workload, Workload], side: str) -> None:
    client, server = fresh
    workload = {"client": client, "server": server}[side]
    pid = workload.proxy()
    assert pid is not None
    # From outside of the mesh where the server's proxy is what lacks them, as the client's shares connections to it.
    address = (mesh.api.service_address(server.name) if side == "client" else server.ip, HTTP1)

    def connect() -> socket.socket:
        if side == "client":
            return client.connect(address, timeout_s=TURNED_AWAY_S)
        return socket.create_connection(address, TURNED_AWAY_S)

    with client.http(server.name, HTTP1) as kept:
        assert ask(kept, "GET", f"{side}-before").status == 200
        with few_descriptors(pid, LEFT), contextlib.ExitStack() as stack:
            answers = Counter(said for _, said in come(stack, connect, COMING))
            assert set(answers) == {OK, "reset"}, f"not either served or turned away: {answers}"
            assert answers[OK] <= LEFT
            assert {ask(kept, "GET", f"{side}-meanwhile-{number}").status for number in range(20)} == {200}
            do_not_spin(pid)
        until("new connections are served again", lambda: is_served(connect))
        assert turned_away(workload, "out of descriptors") == answers["reset"]


@pytest.fixture(params=["client", "server"])
def few(
    request: pytest.FixtureRequest, mesh: Mesh, client: Workload, server: Workload
) -> Iterator[tuple[Workload, Callable[[], socket.socket], int]]:
    """A workload whose proxy may have few files, connections that pass it and no other like it, and how many it takes.

    Those of the client are opaque, so that each takes its two files; those to the server come from one address, which
    gets half of the places.
    """
    del client  # one after the other starts faster on few cores
    name = f"few-{request.param}"
    options = ["--proxy-binary", str(wrapped(mesh, name, {}, files=FILES))]
    if request.param == "client":
        workload = mesh.run(name, ["sleep", "infinity"], *options).ready()
        address, program, port, places = mesh.api.service_address("server"), server, OPAQUE_BULK, PLACES
    else:
        workload = mesh.run(name, ["sleep", "infinity"], *options, "--no-ready-check", ports=[str(HTTP1)]).ready()
        address, program, port, places = workload.ip, workload, HTTP1, PLACES // 2

    def connect() -> socket.socket:
        if request.param == "client":
            return workload.connect((address, port), timeout_s=TURNED_AWAY_S)
        return socket.create_connection((address, port), TURNED_AWAY_S)

    with serving(program, port, counting(Ledger())):
        yield workload, connect, places
    workload.process.terminate()


def test_more_connections_than_files_allow(few: tuple[Workload, Callable[[], socket.socket], int]) -> None:
    """They are shed before files are short, which those that were let in need."""
    workload, connect, places = few
    with contextlib.ExitStack() as stack:
        came = come(stack, connect, MANY)
        assert Counter(said for _, said in came) == {OK: places, "reset": MANY - places}
        for sock, first in came:
            if first == OK and sock is not None:
                sock.sendall(b"GET /again HTTP/1.1\r\nhost: server\r\n\r\n")
                assert answer(sock) == OK
        assert turned_away(workload, "loadshed") == MANY - places
        assert turned_away(workload, "out of descriptors") == 0
    until("new connections are served again", lambda: is_served(connect))


def come(
    stack: contextlib.ExitStack, connect: Callable[[], socket.socket], count: int
) -> list[tuple[socket.socket | None, str]]:
    """So many connections with one request each, all of them open at once, and what was answered."""
    coming: list[socket.socket | None] = []
    for number in range(count):
        # A reset may come before all is said.
        try:
            sock = stack.enter_context(connect())
            sock.sendall(b"GET /%d HTTP/1.1\r\nhost: server\r\n\r\n" % number)
            coming.append(sock)
        except ConnectionError:
            coming.append(None)
    with ThreadPoolExecutor(count) as pool:
        return list(zip(coming, pool.map(lambda sock: answer(sock) if sock else "reset", coming), strict=True))


def answer(sock: socket.socket) -> str:
    """The status line, how the connection ended, or `nothing`."""
    try:
        with sock.makefile("rb") as stream:
            head = read_head(stream)
            stream.read(int(head[1].get("content-length", "0")) if head else 0)
    except TimeoutError:
        return "nothing"
    except OSError:
        return "reset"
    return head[0] if head else "closed"


def turned_away(workload: Workload, error: str) -> float:
    total = workload.metrics().total
    return sum(total(f"{side}_tcp_errors_total", error=error) for side in ("inbound", "outbound"))


def is_served(connect: Callable[[], socket.socket]) -> bool:
    with contextlib.suppress(ConnectionError), connect() as sock:
        sock.sendall(b"GET /after HTTP/1.1\r\nhost: server\r\n\r\n")
        return answer(sock) == OK
    return False
