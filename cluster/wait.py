"""Waiting for something, with an end."""

import time
from collections.abc import Callable
from typing import TypeVar

from cluster.failure import ClusterFailed

T = TypeVar("T")
STEP_S = 0.05


def until(
    what: str,
    look: Callable[[], T | None],
    timeout_s: float,
    hopeless: Callable[[], str | None] = lambda: None,
    step_s: float = STEP_S,
) -> T:
    """Returns what `look` finds.

    Raises ClusterFailed when the time is over, or as soon as `hopeless` gives a reason why it will not come.
    """
    end = time.monotonic() + timeout_s
    while (found := look()) is None:
        if reason := hopeless():
            raise ClusterFailed(f"{what} will not come: {reason}")
        if time.monotonic() > end:
            raise ClusterFailed(f"{what} did not come within {timeout_s:.0f} s")
        time.sleep(step_s)
    return found
