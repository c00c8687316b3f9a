"""Many connections at once, or one after the other: what they took is given back."""

import contextlib
import resource
import socket
from collections.abc import Iterator

import pytest
from faultkit.http1 import counting, read_head
from faultkit.ledger import Ledger
from faultkit.ports import HTTP1, OPAQUE_BULK
from faultkit.program import serving
from faultkit.starve import own_memory
from faultkit.stride import LONG
from meshkit import namespace
from meshkit.mesh import Mesh
from meshkit.until import until
from meshkit.workload import Workload

BURST = min(5000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 10) if LONG else 1500
"""A proxy takes connections for about a quarter of the descriptors that it may have, half of them of one client."""
CHURN = 20_000 if LONG else 2000
WARM = 10
BATCH = 100
"""Requests at once: it is connections that are many, not what the program has to do."""
GIVEN_BACK = 1.2
SOON_S = 30.0
GET = b"GET /burst HTTP/1.1\r\nhost: server\r\n\r\n"


@pytest.fixture(params=[HTTP1, OPAQUE_BULK], ids=["http", "opaque"])
def address(request: pytest.FixtureRequest, mesh: Mesh, fresh: tuple[Workload, Workload]) -> Iterator[tuple[str, int]]:
    """Where all is warm: the proxies have had some connections at once, and none is open.

    Requests share connections between the proxies; where these are opaque each one has a session of TLS.
    """
    client, server = fresh
    port: int = request.param
    where = (mesh.api.service_address(server.name), port)
    with serving(server, port, counting(Ledger())):
        hold_at_once(client, where, WARM)
        until_closed(client, server)
        yield where


def test_a_burst(fresh: tuple[Workload, Workload], address: tuple[str, int]) -> None:
    client, server = fresh
    before = memory(client, server)
    hold_at_once(client, address, BURST)
    until_closed(client, server)
    until_given_back(before, client, server)


def test_churn(fresh: tuple[Workload, Workload], address: tuple[str, int]) -> None:
    client, server = fresh
    for _ in range(CHURN // 10):
        hold_at_once(client, address, 1)
    before = memory(client, server)
    for _ in range(CHURN):
        hold_at_once(client, address, 1)
    until_closed(client, server)
    until_given_back(before, client, server)


def hold_at_once(client: Workload, address: tuple[str, int], count: int) -> None:
    """Each is used once and then kept, until all are there.

    They begin a batch after the other: with more at once, a busy machine gives up the first before the last.
    """
    with contextlib.ExitStack() as stack, namespace.visiting(client.program()):
        for begun in range(0, count, BATCH):
            batch = range(begun, min(begun + BATCH, count))
            socks = [stack.enter_context(socket.create_connection(address, 20)) for _ in batch]
            for sock in socks:
                sock.sendall(GET)
            for sock in socks:
                take_answer(sock)


def take_answer(sock: socket.socket) -> None:
    with sock.makefile("rb") as stream:
        head = read_head(stream)
        assert head is not None
        assert head[0] == "HTTP/1.1 200 OK", head
        stream.read(int(head[1]["content-length"]))


def until_closed(*workloads: Workload) -> None:
    def none() -> bool:
        return all(w.metrics().total("tcp_open_connections", direction="outbound", peer="src") == 0 for w in workloads)

    until("no connection is open", none)


def memory(*workloads: Workload) -> list[int]:
    return [own_memory(pid) for workload in workloads if (pid := workload.proxy())]


def until_given_back(before: list[int], *workloads: Workload) -> None:
    def given_back() -> bool:
        return all(now <= was * GIVEN_BACK for was, now in zip(before, memory(*workloads), strict=True))

    until(
        "memory is given back",
        given_back,
        within_s=SOON_S,
        seen=lambda: f"{before} bytes before, {memory(*workloads)} now",
    )
