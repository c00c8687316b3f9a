"""Proxies with four workers: all protocols pass, and what policy limits is limited for all workers together."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from meshkit.contract import VIRTUAL_IP, World
from meshkit.foreign import Answer, identity
from meshkit.pair import PORTS, SERVER_IP, Pair, a_pair
from meshkit.start import PROGRAMS
from meshkit.until import until

from hauberk._api.linkerd import inbound_pb2

WORKERS = 4
PER_SECOND = 10
CLIENTS = 80


@dataclass(frozen=True)
class Limited(World):
    """The workload's port 8080 takes so many requests in a second."""

    def inbound(self, port: int) -> Answer:
        raw = super().inbound(port)
        if port != 8080:
            return raw
        assert isinstance(raw, bytes)
        server = inbound_pb2.Server.FromString(raw)
        server.protocol.detect.http_local_rate_limit.total.requestsPerSecond = PER_SECOND
        return server.SerializeToString()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    answers = Limited(server_ip=SERVER_IP, ports=PORTS, opaque=frozenset({9002}))
    with a_pair({"CORES": str(WORKERS)}, answers) as pair:
        yield pair


def test_there_are_so_many_workers(pair: Pair) -> None:
    for proxy in (pair.client_proxy, pair.server_proxy):
        until("its workers run", lambda pid=proxy.process.pid: workers(pid) == WORKERS)  # type: ignore[misc]


def workers(pid: int) -> int:
    names = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/comm")]
    return sum(name.startswith("worker-") for name in names)


def test_calls_and_bytes_pass(pair: Pair) -> None:
    done = pair.client.execute(sys.executable, str(PROGRAMS / "caller.py"), f"{VIRTUAL_IP}:50051")
    codes = Counter(outcome["code"] for outcome in json.loads(done.stdout).values())
    assert codes == {"OK": 4, "DATA_LOSS": 1}
    with ExitStack() as stack:
        for number in range(2 * WORKERS):
            connection = stack.enter_context(pair.client.connect((VIRTUAL_IP, 9002)))
            lines = stack.enter_context(connection.makefile("rwb"))
            assert lines.readline() == b"220 what do you want\r\n"
            lines.write(b"%d\n" % number)
            lines.flush()
            assert lines.readline() == b"%d\n" % number


def test_a_rate_holds_for_all_workers_together(pair: Pair) -> None:
    """So many more as the time that all took allows: it is measured, not demanded."""
    with ExitStack() as stack, ThreadPoolExecutor(CLIENTS) as pool:
        # Each has a connection of its own, and so the workers have some each; the first port has no limit.
        clients = [stack.enter_context(pair.http()) for _ in range(CLIENTS)]
        for http in clients:
            http.connect()
        began = time.monotonic()
        statuses = Counter(pool.map(lambda http: http.get("/").status, clients))
        took = time.monotonic() - began
    assert statuses.keys() == {200, 429}
    assert PER_SECOND <= statuses[200] <= PER_SECOND * (1 + took)
    counted = {"direction": "inbound", "client_id": identity("client"), "status_code": "429"}
    assert pair.server_proxy.metrics().total("response_total", **counted) == statuses[429]
    opened = {"direction": "inbound", "peer": "src", "target_addr": f"{SERVER_IP}:8080"}
    ways = pair.server_proxy.metrics().total("tcp_open_total", **opened)
    assert ways >= WORKERS, "each worker of the client has a connection of its own, so the limit was shared"
