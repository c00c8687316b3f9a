"""A connection between the proxies is cut within a large body: it arrives whole, or whoever waits for it is told."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from faultkit import large
from faultkit.fault import Cut, Direction, End
from faultkit.http2 import Peer
from faultkit.ledger import Ledger
from faultkit.measure import length_of
from faultkit.outcome import Outcome, check
from faultkit.ports import BULK, BULK_HTTP2
from faultkit.program import serving
from faultkit.relay import Relay
from faultkit.stride import spread
from meshkit.mesh import Mesh
from meshkit.workload import Workload

AT_MOST = {"GET": 4, "POST": 1}
"""How often a request may be carried out. Each of the two proxies repeats once what may be repeated."""


@pytest.fixture(scope="module")
def ledger(server: Workload, path: Relay) -> Iterator[Ledger]:
    del path  # connections from before it would not pass through it
    ledger = Ledger()
    with serving(server, BULK, large.serve(ledger)), serving(server, BULK_HTTP2, large.serve_http2(ledger)):
        yield ledger


@pytest.fixture(params=["sized", "chunked", "http2"])
def way(request: pytest.FixtureRequest) -> str:
    """How bodies are put into messages; over HTTP/2 nothing says before their end how long they are."""
    return str(request.param)


@pytest.fixture
def exchange(mesh: Mesh, client: Workload, way: str) -> Iterator[Callable[[str], Outcome]]:
    if way == "http2":
        address = (mesh.api.service_address("server"), BULK_HTTP2)
        with Peer(client.connect(address), is_client=True) as peer:
            yield partial(large.over_http2, peer)
        return
    with client.http("server", BULK) as http:
        yield partial(large.over_http1, http)


@pytest.mark.parametrize(("method", "direction"), [("GET", Direction.DOWN), ("POST", Direction.UP)])
def test_a_large_body_is_whole_or_an_error(
    ledger: Ledger, path: Relay, exchange: Callable[[str], Outcome], way: str, method: str, direction: Direction
) -> None:
    where = f"{method}-large-{way}"
    seen: list[Outcome] = []
    for at in spread(length_of(exchange, path, direction, where)):
        for end in End:
            with path.cutting(Cut(direction, at, end)):
                seen.append(exchange(f"{where}-{at}-{end.value}"))
            # Also opens the connection that is cut next.
            after = exchange(f"GET-small-{way}-{method}-{at}-{end.value}")
            assert after.status == 200, f"{after} although all is well again after {seen[-1]}"
    for outcome in seen:
        check(outcome, ledger, at_most=AT_MOST[method])
    assert ledger.damaged == [], "a part of a body passed for the whole"
    assert {outcome.status == 200 for outcome in seen} == {True, False}
