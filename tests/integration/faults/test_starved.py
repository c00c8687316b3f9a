"""A proxy gets no processor time for a while, or little: everything takes longer, and that is all."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from faultkit.http1 import counting
from faultkit.ledger import Ledger
from faultkit.outcome import Outcome, ask
from faultkit.ports import HTTP1
from faultkit.program import serving
from faultkit.relay import Relay
from faultkit.starve import stopped, throttled, until_passed
from meshkit.workload import Workload

LASTS_S = 2.0
CLIENTS = 8
STORM = 4
"""More new connections between the proxies than this would be one."""


@pytest.fixture(scope="module")
def ledger(server: Workload, path: Relay) -> Iterator[Ledger]:
    del path  # connections from before it would not pass through it
    ledger = Ledger()
    with serving(server, HTTP1, counting(ledger)):
        yield ledger


def asleep(pid: int) -> AbstractContextManager[None]:
    return stopped(pid)


def slow(pid: int) -> AbstractContextManager[None]:
    return throttled(pid, 0.1)


@pytest.mark.parametrize("fault", [asleep, slow])
@pytest.mark.parametrize("side", ["client", "server"])
def test_nothing_is_lost_and_nobody_reconnects(
    client: Workload,
    server: Workload,
    ledger: Ledger,
    path: Relay,
    side: str,
    fault: Callable[[int], AbstractContextManager[None]],
) -> None:
    pid = {"client": client, "server": server}[side].proxy()
    assert pid is not None
    where = f"{side}-{fault.__name__}"
    over: list[bool] = []

    def run(number: int) -> list[Outcome]:
        seen: list[Outcome] = []
        with client.http("server", HTTP1) as http:
            while not over or len(seen) < 2:
                seen.append(ask(http, ("GET", "POST")[len(seen) % 2], f"{where}-{number}-{len(seen)}"))
        return seen

    with ThreadPoolExecutor(CLIENTS) as pool:
        runs = [pool.submit(run, number) for number in range(CLIENTS)]
        opened = path.accepted
        try:
            with fault(pid):
                until_passed(LASTS_S)
            until_passed(0.2)
        finally:
            over.append(True)
        seen = [outcome for done in runs for outcome in done.result()]
    assert [outcome for outcome in seen if outcome.status != 200] == []
    assert {ledger.times(outcome.name) for outcome in seen} == {1}
    assert path.accepted - opened <= STORM
