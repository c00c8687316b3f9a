"""Programs close connections when they like. Who asks them through the mesh does not notice."""

from collections import Counter

import pytest
from faultkit.fault import End
from faultkit.http1 import counting
from faultkit.ledger import Ledger
from faultkit.outcome import Outcome, ask, check
from faultkit.ports import HTTP1, ONE_ANSWER
from faultkit.program import serving
from faultkit.relay import Relay
from meshkit.workload import Workload

REQUESTS = 500
RARE = 0.02


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_program_that_closes_after_each_answer(client: Workload, server: Workload, method: str) -> None:
    """It promises to keep the connection, and its end is under way together with the next request."""
    ledger = Ledger()
    with serving(server, ONE_ANSWER, counting(ledger, answers=1)), client.http("server", ONE_ANSWER) as http:
        seen = [ask(http, method, f"{method}-{number}") for number in range(REQUESTS)]
    for outcome in seen:
        check(outcome, ledger, at_most=1)
    # What may not be repeated fails where it went out before the end was there; that is seldom.
    assert failures(seen).total() <= (0 if method == "GET" else REQUESTS * RARE), failures(seen)


@pytest.mark.parametrize("end", list(End), ids=lambda end: end.value)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("at", ["path", "loopback"])
def test_a_kept_connection_that_ended_long_before(
    client: Workload, server: Workload, request: pytest.FixtureRequest, at: str, method: str, end: End
) -> None:
    """Its end was there to be seen before the request was: not even what may not be repeated notices."""
    relay: Relay = request.getfixturevalue(at)
    ledger = Ledger()
    with serving(server, HTTP1, counting(ledger)), client.http("server", HTTP1) as http:
        seen = []
        for number in range(REQUESTS // 10):
            seen.append(ask(http, method, f"{at}-{method}-{end.value}-{number}"))
            relay.cut(end)
    for outcome in seen:
        check(outcome, ledger, at_most=1)
    assert failures(seen) == {}


def failures(seen: list[Outcome]) -> Counter[str]:
    """The reasons, each with how often."""
    return Counter(outcome.reason for outcome in seen if outcome.status != 200)
