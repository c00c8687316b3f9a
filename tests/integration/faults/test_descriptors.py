"""A proxy has no descriptors left: who comes now is turned away, who is there goes on, and it does not spin."""

import contextlib
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from faultkit.http1 import counting, read_head
from faultkit.ledger import Ledger
from faultkit.outcome import ask
from faultkit.ports import HTTP1
from faultkit.program import serving
from faultkit.starve import few_descriptors, processor_seconds, until_passed
from meshkit.mesh import Mesh
from meshkit.until import until
from meshkit.workload import Workload

LEFT = 5
COMING = 60
TURNED_AWAY_S = 5.0
IDLE_S = 2.0
SPIN = 0.2
"""A share of one processor; a loop that goes round for nothing takes all of it."""


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
            coming = []
            for number in range(COMING):
                # A reset may come before all is said.
                with contextlib.suppress(ConnectionError):
                    sock = stack.enter_context(connect())
                    sock.sendall(b"GET /%s-%d HTTP/1.1\r\nhost: server\r\n\r\n" % (side.encode(), number))
                    coming.append(sock)
            with ThreadPoolExecutor(COMING) as pool:
                answers = Counter(pool.map(answer, coming))
            answers["reset"] += COMING - len(coming)
            assert set(answers) == {"HTTP/1.1 200 OK", "reset"}, f"not either served or turned away: {answers}"
            assert answers["HTTP/1.1 200 OK"] <= LEFT
            assert {ask(kept, "GET", f"{side}-meanwhile-{number}").status for number in range(20)} == {200}
            before = processor_seconds(pid)
            until_passed(IDLE_S)
            assert processor_seconds(pid) - before < IDLE_S * SPIN, "it spins"
        until("new connections are served again", lambda: is_served(connect))
        assert turned_away(workload) == answers["reset"]


def answer(sock: socket.socket) -> str:
    """The status line, how the connection ended, or `nothing`."""
    try:
        with sock.makefile("rb") as stream:
            head = read_head(stream)
    except TimeoutError:
        return "nothing"
    except OSError:
        return "reset"
    return head[0] if head else "closed"


def turned_away(workload: Workload) -> float:
    total = workload.metrics().total
    return sum(total(f"{side}_tcp_errors_total", error="out of descriptors") for side in ("inbound", "outbound"))


def is_served(connect: Callable[[], socket.socket]) -> bool:
    with contextlib.suppress(ConnectionError), connect() as sock:
        sock.sendall(b"GET /after HTTP/1.1\r\nhost: server\r\n\r\n")
        return answer(sock) == "HTTP/1.1 200 OK"
    return False
