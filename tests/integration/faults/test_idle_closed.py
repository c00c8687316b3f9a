"""Programs close connections when they like. Who asks them through the mesh does not notice."""

from collections import Counter

import pytest
from faultkit.fault import End
from faultkit.http1 import closing_late, counting
from faultkit.ledger import Ledger
from faultkit.outcome import Outcome, ask, check
from faultkit.ports import HTTP1, ONE_ANSWER
from faultkit.program import serving
from faultkit.relay import Relay
from meshkit.workload import Workload

REQUESTS = 500


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_program_that_closes_with_its_answer(client: Workload, server: Workload, method: str) -> None:
    """It promised to keep the connection. Its end was there to be seen before the next request was."""
    ledger = Ledger()
    with serving(server, ONE_ANSWER, counting(ledger, answers=1)), client.http("server", ONE_ANSWER) as http:
        seen = [ask(http, method, f"{method}-{number}") for number in range(REQUESTS)]
    for outcome in seen:
        check(outcome, ledger, at_most=1)
    assert failures(seen) == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_program_that_closes_when_it_is_asked_again(client: Workload, server: Workload, method: str) -> None:
    """What may be repeated is; the one error that is allowed is to what may not, and had gone out already."""
    ledger = Ledger()
    with serving(server, ONE_ANSWER, closing_late(ledger)), client.http("server", ONE_ANSWER) as http:
        seen = [ask(http, method, f"late-{method}-{number}") for number in range(REQUESTS)]
    for outcome in seen:
        check(outcome, ledger, at_most=1)
    if method == "GET":
        assert failures(seen) == {}
    else:
        assert failures(seen).total() <= REQUESTS / 2, "more than every other: one failed on a connection of its own"


@pytest.mark.parametrize("end", list(End), ids=lambda end: end.value)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_kept_connection_that_ended_long_before(
    client: Workload, server: Workload, relay: Relay, method: str, end: End
) -> None:
    """Its end was there to be seen before the request was: not even what may not be repeated notices."""
    ledger = Ledger()
    with serving(server, HTTP1, counting(ledger)), client.http("server", HTTP1) as http:
        seen = []
        for number in range(REQUESTS // 10):
            seen.append(ask(http, method, f"{relay.port}-{method}-{end.value}-{number}"))
            relay.cut(end)
    for outcome in seen:
        check(outcome, ledger, at_most=1)
    assert failures(seen) == {}


def failures(seen: list[Outcome]) -> Counter[str]:
    """The reasons, each with how often."""
    return Counter(outcome.reason for outcome in seen if outcome.status != 200)
