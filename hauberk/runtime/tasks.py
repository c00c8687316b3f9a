"""The only place that makes tasks."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def spawn(group: asyncio.TaskGroup, coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Run `coro` as a task of `group`, under a name that shows in logs and debuggers.

    The group keeps the reference (the event loop itself holds tasks weakly), waits for the task, and ends the others
    when it fails: an error is never lost with a task that nobody looks at.
    """
    return group.create_task(coro, name=name)
