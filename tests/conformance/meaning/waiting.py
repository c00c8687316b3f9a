"""Waiting for what comes by itself."""

import time
from collections.abc import Callable

WITHIN_S = 20.0
_STEP_S = 0.05


def until(what: str, holds: Callable[[], bool]) -> None:
    """Raises AssertionError when it does not come."""
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, f"waited {WITHIN_S:.0f} s in vain until {what}"
        time.sleep(_STEP_S)
