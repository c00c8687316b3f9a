"""A connection is cut at every byte of an HTTP/1.1 exchange: nothing is done twice, and nothing ends without a word."""

from collections.abc import Iterator

import pytest
from faultkit.fault import Cut, Direction, End
from faultkit.http1 import chunked, counting
from faultkit.ledger import Ledger
from faultkit.measure import length_of
from faultkit.outcome import Outcome, ask, check
from faultkit.ports import CHUNKED, HTTP1
from faultkit.program import serving
from faultkit.relay import Relay
from faultkit.stride import positions
from meshkit.http import Http
from meshkit.workload import Workload

AT_MOST = {"GET": 4, "POST": 1}
"""How often a request may be carried out. Each of the two proxies repeats once what may be repeated."""


@pytest.fixture(scope="module")
def ledger(server: Workload, path: Relay, loopback: Relay) -> Iterator[Ledger]:
    del path, loopback  # connections from before them would not pass through them
    ledger = Ledger()
    with serving(server, HTTP1, counting(ledger)), serving(server, CHUNKED, counting(ledger, shape=chunked)):
        yield ledger


CASES = [
    ("GET", HTTP1, Direction.UP),
    ("GET", HTTP1, Direction.DOWN),
    ("POST", HTTP1, Direction.UP),
    ("POST", HTTP1, Direction.DOWN),
    ("POST", CHUNKED, Direction.DOWN),
]


@pytest.mark.parametrize(("method", "port", "direction"), CASES)
def test_cut_at_every_byte(
    client: Workload, ledger: Ledger, relay: Relay, method: str, port: int, direction: Direction
) -> None:
    where = f"{method}-{port}-{direction.value}-{relay.port}"
    seen: list[Outcome] = []
    with client.http("server", port) as http:
        length = length_of(lambda name: ask(http, method, name), relay, direction, where)
        for at in positions(length):
            for end in End:
                seen.append(cut_once(http, relay, method, Cut(direction, at, end), where))
                after = ask(http, "GET", f"{seen[-1].name}-after")
                assert after.status == 200, f"{after} although all is well again after {seen[-1]}"
    for outcome in seen:
        check(outcome, ledger, at_most=AT_MOST[method])
    assert ledger.damaged == []
    answered = {outcome.status for outcome in seen}
    if method == "GET":
        assert 200 in answered
    else:
        assert answered != {200}, "what is cut in the middle and must not be repeated cannot be whole"
    if (method, direction) == ("GET", Direction.UP):
        assert answered == {200}, "not a byte of an answer was passed on: it could be asked again"


def cut_once(http: Http, relay: Relay, method: str, cut: Cut, where: str) -> Outcome:
    with relay.cutting(cut):
        return ask(http, method, f"{where}-{cut.after}-{cut.end.value}")
