"""Waiting for a condition: the only way in which these tests let time pass."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_S = 30.0
_STEP_S = 0.02


def until(what: str, check: Callable[[], T | None], *, within_s: float = WITHIN_S, seen: object = None) -> T:
    """Return the first true value of `check()`. `seen`: what is shown, called if it can be, when there is none."""
    end = time.monotonic() + within_s
    while True:
        if found := check():
            return found
        if time.monotonic() > end:
            shown = seen() if callable(seen) else seen
            raise AssertionError(f"not within {within_s:g} s: {what}" + (f"\n{shown}" if shown is not None else ""))
        time.sleep(_STEP_S)
