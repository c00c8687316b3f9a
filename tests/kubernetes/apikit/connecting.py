"""A client whose connections are gone when its loop ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from apikit.server import ApiServer
from apikit.until import until
from hauberk.client.api import Client


@asynccontextmanager
async def connected(server: ApiServer, user: str = "admin") -> AsyncIterator[Client]:
    """A connection that was just being made says goodbye, which takes a moment after its client was closed.

    It waits for the descriptors of the whole process, so of several clients it is the outermost.
    """
    before = _descriptors()
    async with Client(server.endpoint(user)) as client:
        yield client
    await until(lambda: _descriptors() <= before)


def _descriptors() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
