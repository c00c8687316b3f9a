"""Every way takes its time: each of many requests at once has its answer, and each is carried out once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from faultkit import grpc
from faultkit.grpc import Caller
from faultkit.http1 import counting
from faultkit.ledger import Ledger
from faultkit.outcome import Outcome, ask
from faultkit.ports import GRPC, HTTP1
from faultkit.program import serving
from faultkit.relay import Relay
from meshkit.mesh import Mesh
from meshkit.workload import Workload

DELAY_S = 0.05
CLIENTS = 8
ROUNDS = 4
KINDS = 3


@pytest.fixture(scope="module")
def ledger(server: Workload, path: Relay, loopback: Relay) -> Iterator[Ledger]:
    del path, loopback  # connections from before them would not pass through them
    ledger = Ledger()
    with serving(server, HTTP1, counting(ledger)), serving(server, GRPC, grpc.counting(ledger)):
        yield ledger


def test_each_is_answered_and_carried_out_once(mesh: Mesh, client: Workload, ledger: Ledger, relay: Relay) -> None:
    address = (mesh.api.service_address("server"), GRPC)

    def run(number: int) -> list[Outcome]:
        seen: list[Outcome] = []
        with client.http("server", HTTP1) as http, Caller(lambda: client.connect(address)) as caller:
            for turn in range(ROUNDS):
                name = f"{relay.port}-{number}-{turn}"
                seen.append(ask(http, "GET", f"{name}-get"))
                seen.append(ask(http, "POST", f"{name}-post"))
                seen.append(caller.call(f"{name}-call"))
        return seen

    with relay.slow(delay_s=DELAY_S), ThreadPoolExecutor(CLIENTS) as pool:
        began = time.monotonic()
        seen = [outcome for each in pool.map(run, range(CLIENTS)) for outcome in each]
        took = time.monotonic() - began
    assert took >= ROUNDS * KINDS * 2 * DELAY_S, "nothing was slow"
    assert [outcome for outcome in seen if outcome.status != 200] == []
    assert {ledger.times(outcome.name) for outcome in seen} == {1}
    assert ledger.damaged == []
