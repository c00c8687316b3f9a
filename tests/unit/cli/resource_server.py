"""A control plane without proxies, in a thread of its own: the real resource API over a store in memory."""

import asyncio
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from hauberk.apiserver.listen import listen
from hauberk.apiserver.namespaces import Namespaces
from hauberk.app.resource_api import serving
from hauberk.enrollment.lease import Leases
from hauberk.enrollment.mesh import Mesh
from hauberk.enrollment.registrar import Registrar
from hauberk.runtime.clock import SystemClock
from hauberk.store.memory import MemoryStore

MESH = Mesh(
    pod_network=IPv4Network("10.77.0.0/16"),
    service_network=IPv4Network("10.78.0.0/16"),
    gateway=IPv4Address("10.77.0.1"),
)
_START_S = 10.0
_LAST_TURNS = 3


class Tokens:
    """Tokens that nobody checks."""

    def mint(self, *, now: datetime, ttl: timedelta, **_: str) -> tuple[str, datetime]:
        return "token", now + ttl


class Server:
    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._stop = asyncio.Event()
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> None:
        asyncio.run(self._serve())

    def stop(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    def wait(self) -> None:
        if not self._started.wait(_START_S):
            raise TimeoutError("the resource API did not start")

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        clock = SystemClock()
        store = MemoryStore(clock=clock)
        namespaces = Namespaces(store, mesh_namespace="hauberk")
        await namespaces.establish()
        registrar = Registrar(
            store,
            MESH,
            owner_uid=os.geteuid(),
            clock=clock,
            leases=Leases(duration_s=10, removal_s=10),
            tokens=Tokens(),
            trust_anchors=lambda: "",
            rng=random.Random(1),  # noqa: S311 - names, no secrets
        )
        api = serving(
            listen(self.socket),
            store,
            registrar,
            namespaces,
            service_network=MESH.service_network,
            owner_uid=os.geteuid(),
            clock=clock,
        )
        async with api:
            self._started.set()
            await self._stop.wait()
            # If the server closes between accepting a connection and taking it, Python 3.11 forgets it as it is: open.
            for _ in range(_LAST_TURNS):
                await asyncio.sleep(0)
        await store.close()
        await asyncio.sleep(0)  # a closed transport lets go of its socket in the next turn of the loop


@contextmanager
def control_plane(socket: Path) -> Iterator[Server]:
    server = Server(socket)
    thread = threading.Thread(target=server.run, name="resource-api")
    thread.start()
    try:
        server.wait()
        yield server
    finally:
        server.stop()
        thread.join()
