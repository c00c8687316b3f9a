"""A peer is gone and nobody says so: pings notice, and what can go elsewhere goes there."""

import queue
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from faultkit.http1 import counting, read_head
from faultkit.ledger import Ledger
from faultkit.outcome import UNANSWERED, Outcome, ask
from faultkit.place import lost
from faultkit.ports import HELD
from faultkit.program import serving
from faultkit.relay import Relay
from meshkit.http import Http
from meshkit.mesh import Mesh
from meshkit.until import until
from meshkit.workload import Workload

PORT = 7100
NOTICED_S = 20.0
"""A ping is sent every ten seconds and may take three (the settings that the control plane gives)."""


@dataclass
class Pair:
    """Two replicas. Once it is told to, the program of the first takes requests and does not answer."""

    victim: Workload
    other: Workload
    asked: Ledger = field(default_factory=Ledger)
    answered: Ledger = field(default_factory=Ledger)
    holds: threading.Event = field(default_factory=threading.Event)
    held: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def serve(self, sock: socket.socket) -> None:
        if not self.holds.is_set():
            counting(self.asked, answers=1)(sock)
            return
        with sock.makefile("rb") as stream:
            head = read_head(stream)
            if head is not None:
                self.held.put(head[0].split(" ")[1].removeprefix("/"))
                stream.read()


@pytest.fixture
def pair(mesh: Mesh, client: Workload) -> Iterator[Pair]:
    del client
    victim, other = (mesh.run("pair", ["sleep", "infinity"], "--no-ready-check", ports=[str(PORT)]) for _ in range(2))
    pair = Pair(victim.ready(), other.ready())
    with serving(pair.victim, PORT, pair.serve), serving(pair.other, PORT, counting(pair.answered)):
        yield pair
    for workload in (victim, other):
        workload.process.terminate()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_replica_vanishes_with_requests(mesh: Mesh, client: Workload, pair: Pair, method: str) -> None:
    """What may be repeated is answered by the other one, and what may not ends with the reason."""
    address = (mesh.api.service_address("pair"), PORT)

    def one(name: str) -> Outcome:
        with Http("pair", lambda: client.connect(address, timeout_s=NOTICED_S + 5)) as http:
            return ask(http, method, name)

    until("both replicas are asked", lambda: one("well").status == 200 and pair.asked.total() and pair.answered.total())
    pair.holds.set()
    with ThreadPoolExecutor(8) as pool:
        running: dict[str, Future[Outcome]] = {}

        def is_held() -> bool:
            name = f"{method}-{len(running)}"
            running[name] = pool.submit(one, name)
            return not pair.held.empty()

        until("one is held", is_held)
        with lost(client, pair.victim):
            seen = [future.result(NOTICED_S) for future in running.values()]
            until("its connections are given up", lambda: connections(client, pair.victim) == 0, within_s=NOTICED_S)
            assert {one(f"{method}-later-{number}").status for number in range(20)} == {200}
    failed = [outcome for outcome in seen if outcome.status != 200]
    if method == "GET":
        assert failed == []
    else:
        names = set(pair.held.queue)
        assert {outcome.name for outcome in failed} == names
        assert {outcome.status for outcome in failed} <= UNANSWERED
        assert {pair.answered.times(name) for name in names} == {0}, "carried out by both"


def connections(client: Workload, victim: Workload) -> float:
    page = client.metrics()
    return page.total("tcp_open_connections", direction="outbound", peer="dst", target_addr=f"{victim.ip}:{PORT}")


def test_a_silent_way_is_noticed_at_both_ends(mesh: Mesh, client: Workload, server: Workload, path: Relay) -> None:
    """The program learns that nobody waits any more, and the client that nobody will answer."""
    came: queue.Queue[str] = queue.Queue()
    ended = threading.Event()

    def hold(sock: socket.socket) -> None:
        with sock.makefile("rb") as stream:
            head = read_head(stream)
            assert head is not None
            came.put(head[0])
            stream.read()
        ended.set()

    def wait() -> int:
        address = (mesh.api.service_address("server"), HELD)
        with Http("server", lambda: client.connect(address, timeout_s=NOTICED_S)) as http:
            return http.ask("POST", "/held", b"once").status

    with serving(server, HELD, hold), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(wait)
        assert came.get(timeout=5) == "POST /held HTTP/1.1"
        with path.silent():
            assert answer.result(NOTICED_S) in UNANSWERED
            assert ended.wait(NOTICED_S), "the program still works for nobody"
