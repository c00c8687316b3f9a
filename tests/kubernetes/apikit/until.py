"""Waiting for a condition: the only way in which these tests let time pass."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

_WITHIN_S = 30.0
_STEP_S = 0.02


async def until(check: Callable[[], object | Awaitable[object]], *, within_s: float = _WITHIN_S) -> None:
    """Return as soon as `check()` is true; AssertionError when it never is."""
    end = asyncio.get_running_loop().time() + within_s
    while True:
        found = check()
        if await found if inspect.isawaitable(found) else found:
            return
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"not within {within_s:g} s: {check}")
        await asyncio.sleep(_STEP_S)
