"""How long an exchange is."""

from collections.abc import Callable

from faultkit.fault import Direction
from faultkit.outcome import Outcome
from faultkit.relay import Relay

_WARM = 3
"""By then the tables of header fields know all that they will."""


def length_of(exchange: Callable[[str], Outcome], relay: Relay, direction: Direction, where: str) -> int:
    """The bytes of one exchange in this direction."""
    before = 0
    for turn in range(_WARM):
        before = relay.passed(direction)
        assert exchange(f"{where}-measured-{turn}").status == 200
    length = relay.passed(direction) - before
    assert length > 0, "it does not pass through the relay"
    return length
