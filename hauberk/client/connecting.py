"""How connections to an API are made, and how one whose other end has vanished is noticed."""

import socket
from typing import Any

import aiohttp

from hauberk.client.endpoint import Endpoint, UnixEndpoint

HINT = "see that the address is right and the API server runs (`kubectl version` asks it too)"

_CONNECTIONS_MAX = 0
"""No limit: a watch keeps one for each kind, and others must not wait for them."""

_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
)
"""A peer that is gone without a word is noticed within 30 s (tcp(7)), however silent a watch may be by right."""


def connector_for(endpoint: Endpoint) -> aiohttp.BaseConnector:
    if isinstance(endpoint, UnixEndpoint):
        return aiohttp.UnixConnector(path=str(endpoint.path))
    return aiohttp.TCPConnector(
        ssl=endpoint.tls if endpoint.tls is not None else True,
        limit=_CONNECTIONS_MAX,
        socket_factory=_kept_alive,
    )


def _kept_alive(address: tuple[Any, ...]) -> socket.socket:
    """`address` is an entry of `getaddrinfo`."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    for level, option, value in _KEEP_ALIVE:
        made.setsockopt(level, option, value)
    return made
