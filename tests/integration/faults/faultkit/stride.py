"""How much of a long way a test goes: all of it only where it is asked to (HAUBERK_TEST_FAULTS=long)."""

import os

LONG = os.environ.get("HAUBERK_TEST_FAULTS") == "long"
_POSITIONS = 40
_SPREAD = 100 if LONG else 10


def positions(length: int) -> list[int]:
    """Positions from the first to behind the last byte; where only some are tried, other ones in another run.

    The one behind the last byte is always among them: there the exchange is whole.
    """
    step = 1 if LONG else max(1, length // _POSITIONS)
    return [*range(os.getpid() % step, length, step), length]


def spread(length: int) -> range:
    """Positions in what is too long for every one of its bytes, the first and about the last among them."""
    return range(0, length + 1, max(1, length // _SPREAD))
