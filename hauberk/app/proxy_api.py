"""The proxy API: services on one Unix socket, plain HTTP/2, for the front proxy."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import grpc.aio

from hauberk.apiserver.listen import SOCKET_MODE
from hauberk.app.calls import Calls
from hauberk.app.failure import StartFailed
from hauberk.catalog.caller import Callers
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.snapshot import Snapshot
from hauberk.config.groups import Streams
from hauberk.destination.confirm import Heartbeat
from hauberk.destination.server import Confirmation, Destination
from hauberk.policy.server import Policy
from hauberk.runtime.latest import Latest
from hauberk.runtime.tasks import spawn

_GRACE_S = 1.0
_SHARED_MODE = 0o660
_REQUEST_BYTES_MAX = 256 * 1024


class Service(Protocol):
    """Adds its methods to a server."""

    def add_to(self, server: grpc.aio.Server) -> None: ...


class ProxyApi:
    """The services that answer from snapshots. `run` keeps their answers current."""

    def __init__(self, mesh: Mesh, latest: Latest[Snapshot], streams: Streams) -> None:
        callers = Callers(mesh)
        self._destination = Destination(mesh, latest, callers)
        self._policy = Policy(mesh, latest, callers)
        heartbeat = Heartbeat(
            (lambda: self._destination.applied, lambda: self._policy.applied), streams.heartbeat.total_seconds()
        )
        self._confirmation = Confirmation(latest, callers, heartbeat)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            spawn(group, self._destination.run(), name="destination")
            spawn(group, self._policy.run(), name="policy")

    @property
    def revision(self) -> int:
        """Of the store: every answer reflects it."""
        return min(self._destination.applied.revision, self._policy.applied.revision)

    @property
    def services(self) -> Sequence[Service]:
        return (self._destination, self._policy, self._confirmation)


@asynccontextmanager
async def serving(
    services: Sequence[Service], path: Path, *, shared: bool = False, calls: Calls | None = None
) -> AsyncIterator[None]:
    """Answer at `path`, replacing a socket that a dead server left. Raises StartFailed.

    `shared`: also with the group of the directory, which the front proxy is in where it is another user. `calls` counts
    them.
    """
    server = grpc.aio.server(
        interceptors=[] if calls is None else [calls],
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", _REQUEST_BYTES_MAX)],
    )
    for service in services:
        service.add_to(server)
    _remove(path)
    # bind(2) makes the file with 0777 less the umask: with this one there is no moment at which others may connect.
    before = os.umask(0o777 & ~(_SHARED_MODE if shared else SOCKET_MODE))
    try:
        server.add_insecure_port(f"unix:{path}")
    except RuntimeError as error:
        hint = "choose another runtime directory with HAUBERK_RUNTIME_DIR"
        raise StartFailed(f"{path} cannot be opened: {error}", hint=hint) from error
    finally:
        os.umask(before)
    await server.start()
    try:
        yield
    finally:
        await server.stop(grace=_GRACE_S)
        _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
