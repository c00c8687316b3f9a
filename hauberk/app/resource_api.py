"""The resource API, put together."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network

from hauberk.apiserver.namespaces import Namespaces
from hauberk.apiserver.reading import Reader
from hauberk.apiserver.resources import Resources
from hauberk.apiserver.server import Server
from hauberk.apiserver.watching import Watchers
from hauberk.apiserver.workloads import Workloads
from hauberk.apiserver.writing import Writer
from hauberk.enrollment.registrar import Registrar
from hauberk.runtime.clock import Clock
from hauberk.store.protocol import Store


@asynccontextmanager
async def serving(
    sock: socket.socket,
    store: Store,
    registrar: Registrar,
    namespaces: Namespaces,
    *,
    service_network: IPv4Network,
    owner_uid: int,
    clock: Clock,
) -> AsyncIterator[None]:
    """Answer on a listening socket, which is closed in the end."""
    writer = Writer(store, namespaces, service_network=service_network, allocation=registrar.allocation)
    resources = Resources(Reader(store), writer, Watchers(store), clock=clock)
    server = Server(resources, Workloads(registrar), owner_uid=owner_uid)
    await server.start(sock)
    try:
        yield
    finally:
        await server.close()
