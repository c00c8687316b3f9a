"""Waiting for what somebody else does, who does not tell when it is done."""

import asyncio
from collections.abc import Callable

TIMEOUT_S = 10.0
_STEP_S = 0.005


async def until(condition: Callable[[], bool]) -> None:
    """Raises TimeoutError."""
    async with asyncio.timeout(TIMEOUT_S):
        while not condition():  # noqa: ASYNC110 - what is waited for is not ours
            await asyncio.sleep(_STEP_S)
