"""One conversation of a command with the control plane."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hauberk.client.api import Client

T = TypeVar("T")


def converse(work: Callable[[Client], Awaitable[T]]) -> T:
    """Finds the control plane, does the work and hangs up. Raises ApiError."""
    import asyncio

    from hauberk.client.api import Client

    socket = named_socket()

    async def conversation() -> T:
        async with await Client.local(socket=socket) as client:
            return await work(client)

    return asyncio.run(conversation())


def named_socket() -> str | None:
    """The socket that the person named, by `--socket`, HAUBERK_SOCKET or HAUBERK_RUNTIME_DIR."""
    context = click.get_current_context(silent=True)
    found = None if context is None else context.find_root().obj
    if isinstance(found, str):
        return found
    directory = os.environ.get("HAUBERK_RUNTIME_DIR")
    return str(Path(directory) / "api.sock") if directory else None
